import asyncio
import threading

import pytest
from django.db import InterfaceError, OperationalError, connection
from django.utils import translation

from core.db import in_db, transient_errors, utc_now
from core.errors import TransientError


def thread_name():
    return threading.current_thread().name


async def test_selectors_run_in_database_threads_beside_each_other():
    barrier = threading.Barrier(4, timeout=5)

    def together():
        barrier.wait()
        return thread_name()

    names = await asyncio.gather(*(in_db(together) for _ in range(4)))
    assert len(set(names)) == 4
    assert all(name.startswith("db") for name in names)


async def test_arguments_results_language_and_refusals_pass_through():
    def add(one, two, *, three):
        return one + two + three, translation.get_language()

    with translation.override("tr"):
        assert await in_db(add, 1, 2, three=3) == (6, "tr")
    with pytest.raises(ZeroDivisionError):
        await in_db(lambda: 1 / 0)


@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
async def test_a_lost_database_is_transient(error):
    def fail():
        raise error("server closed the connection")

    with pytest.raises(TransientError):
        await in_db(fail)
    with pytest.raises(TransientError), transient_errors():
        raise error


async def test_threads_keep_no_connection(committed_db):
    def backend():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            return cursor.fetchone()[0]

    def has_connection():
        return connection.connection is not None

    assert await in_db(backend) > 0
    assert await asyncio.gather(*(in_db(has_connection) for _ in range(20))) == [False] * 20


def test_the_clock_is_aware():
    assert utc_now().utcoffset().total_seconds() == 0

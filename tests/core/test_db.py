import asyncio
import threading

import pytest
from django.db import InterfaceError, OperationalError, connection
from django.utils import translation

from core.db import _threads, in_db, transient_errors, utc_now
from core.errors import TransientError


@pytest.fixture(autouse=True)
def _own_threads():
    """Threads without connections of other tests."""
    _threads.forget()
    yield
    _threads.forget()


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


async def test_a_backend_that_was_ended_costs_one_answer(committed_db):
    def backend():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            return cursor.fetchone()[0]

    first = await in_db(backend)
    await asyncio.to_thread(end_backend, first)
    outcomes = [outcome for outcome in [await attempt(backend) for _ in range(3)] if outcome is not TransientError]
    assert len(outcomes) >= 2
    assert first not in outcomes


def end_backend(pid):
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s)", [pid])
    finally:
        connection.close()


async def attempt(call):
    try:
        return await in_db(call)
    except TransientError:
        return TransientError


def test_the_clock_is_aware():
    assert utc_now().utcoffset().total_seconds() == 0

"""The way from the event loop to the database, and the clock that the product reads."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from typing import ParamSpec, TypeVar

from django.db import InterfaceError, OperationalError, connections
from django.utils import translation

from core.errors import TransientError
from core.per_process import PerProcess

P = ParamSpec("P")
R = TypeVar("R")

#: Reads that sockets and async views may have under way at once in one process; each holds one pooled connection.
THREADS = 8

_threads = PerProcess(lambda: ThreadPoolExecutor(THREADS, thread_name_prefix="db"))


def utc_now() -> datetime:
    """The moment, aware and in UTC. Edges read it once and pass it down as `now`."""
    return datetime.now(UTC)


@contextlib.contextmanager
def transient_errors() -> Iterator[None]:
    """Turn a lost or refusing database into TransientError; faults of the data stay what they are."""
    try:
        yield
    except (OperationalError, InterfaceError) as error:
        raise TransientError("database") from error


def release_connections() -> None:
    """Give this thread's connections back to the pool (or keep them, if they are still good and may stay)."""
    for connection in connections.all(initialized_only=True):
        connection.close_if_unusable_or_obsolete()


def drop_connections() -> None:
    """Close this thread's connections, so that the next query opens fresh ones."""
    for connection in connections.all(initialized_only=True):
        with contextlib.suppress(OperationalError, InterfaceError):
            connection.close()


async def in_db(func: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Run a selector or action in a database thread, in the caller's language and log context, and await its result.

    Not Django's `sync_to_async`: that shares one thread with everything else in the process.
    Raises: TransientError while the database is away; whatever `func` raises.
    """
    call = partial(
        contextvars.copy_context().run, _in_thread, translation.get_language(), partial(func, *args, **kwargs)
    )
    return await asyncio.get_running_loop().run_in_executor(_threads(), call)


def _in_thread(language: str | None, call: Callable[[], R]) -> R:
    release_connections()
    try:
        # Django keeps the active language per thread, whatever context the thread runs in.
        with transient_errors(), translation.override(language):
            return call()
    finally:
        release_connections()

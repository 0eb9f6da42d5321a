"""The thread in every worker that runs the sweeps."""

import contextlib
import random
import threading
import time
import zlib
from collections.abc import Iterator

import structlog
from django.db import DatabaseError, connection
from django.utils.module_loading import import_string

from core.db import drop_connections, transient_errors
from core.errors import TransientError
from support_desk.sweeps import SWEEPS, Sweep

log = structlog.get_logger(__name__)

LOCK_SPACE = 0x5357  # first half of our advisory locks; the second is the sweep's name


class Sweeper(threading.Thread):
    """Runs each sweep when it is due, unless another process is at it. A database that is away only delays it."""

    def __init__(self) -> None:
        super().__init__(name="sweeper", daemon=True)
        self._ended = threading.Event()

    def run(self) -> None:
        """Sweep until `end`; the first round starts within a second, so a restarted worker finds its work at once."""
        due = {sweep: time.monotonic() + random.random() for sweep in SWEEPS}  # noqa: S311 - spreads load, no secret
        while not self._ended.wait(0.2):
            for sweep, moment in due.items():
                if moment <= time.monotonic():
                    run_sweep(sweep)
                    due[sweep] = time.monotonic() + sweep.every_seconds * random.uniform(0.9, 1.1)  # noqa: S311

    def end(self) -> None:
        """Stop after the sweep that runs now."""
        self._ended.set()


def run_sweep(sweep: Sweep) -> bool:
    """Run one sweep unless another process runs it; whether it ran. A fault is logged and the next round tries again."""
    try:
        with transient_errors(), held_alone(sweep.function) as is_ours:
            if is_ours:
                import_string(sweep.function)()
            return is_ours
    except (TransientError, DatabaseError, OSError) as error:
        log.warning("sweep_failed", sweep=sweep.function, error=type(error).__name__)
    except Exception:  # one sweep that fails must not end the thread, and all the others with it
        log.exception("sweep_failed", sweep=sweep.function)
    drop_connections()
    return False


@contextlib.contextmanager
def held_alone(name: str) -> Iterator[bool]:
    """Hold a named lock in PostgreSQL while the block runs; whether it was free.

    The lock lives in a transaction of a connection of its own: it goes with the process, and the work inside the block
    has transactions of its own.
    """
    guard = connection.copy()
    try:
        guard.set_autocommit(False)
        with guard.cursor() as cursor:
            cursor.execute("select pg_try_advisory_xact_lock(%s, %s)", [LOCK_SPACE, zlib.crc32(name.encode()) - 2**31])
            (is_free,) = cursor.fetchone() or (False,)
        yield is_free
    finally:
        with contextlib.suppress(DatabaseError):
            guard.rollback()  # ends the lock
        guard.close()

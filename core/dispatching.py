"""A thread that does what nobody should wait for: calls to Redis and to the broker after a commit."""

from __future__ import annotations

import atexit
import os
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable

import structlog

from core import metrics

log = structlog.get_logger(__name__)

Job = Callable[[], None]

#: Seconds that an ending process waits for its hints to leave.
LAST_WORDS = 2.0

_all: weakref.WeakSet[Dispatcher] = weakref.WeakSet()


class Dispatcher:
    """Runs jobs one after the other on a daemon thread that starts with the first job, also after a fork.

    Jobs handle their own expected errors. What they carry are hints: when more than `limit` wait, new ones are
    dropped and counted.
    """

    def __init__(self, name: str, *, limit: int) -> None:
        self._name = name
        self._limit = limit
        self._dropped = metrics.DISPATCH_DROPPED.labels(name)
        self.reset()
        _all.add(self)

    def reset(self) -> None:
        """Start empty and without a thread, as a forked child must."""
        self._jobs: deque[Job] = deque()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._busy = False

    def put(self, job: Job) -> bool:
        """Queue a job; False if it was dropped. Never blocks."""
        with self._changed:
            if len(self._jobs) >= self._limit:
                self._dropped.inc()
                return False
            self._jobs.append(job)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                self._thread.start()
            self._changed.notify_all()
        return True

    def drain(self, timeout: float) -> bool:
        """Wait until everything queued is done; False if time ran out."""
        deadline = time.monotonic() + timeout
        with self._changed:
            return self._changed.wait_for(
                lambda: not self._jobs and not self._busy, max(0.0, deadline - time.monotonic())
            )

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._jobs)
                job = self._jobs.popleft()
                self._busy = True
            try:
                job()
            except BaseException:
                log.exception("dispatch_failed", queue=self._name)
                with self._changed:
                    self._thread = None
                raise
            finally:
                with self._changed:
                    self._busy = False
                    self._changed.notify_all()


def _after_fork() -> None:
    for dispatcher in list(_all):
        dispatcher.reset()


def _say_last_words() -> None:
    deadline = time.monotonic() + LAST_WORDS
    for dispatcher in list(_all):
        dispatcher.drain(max(0.0, deadline - time.monotonic()))


os.register_at_fork(after_in_child=_after_fork)
atexit.register(_say_last_words)

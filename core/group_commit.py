"""Many items, one transaction: while one commit runs, later items wait and share the next. No timer."""

from __future__ import annotations

import asyncio
import contextlib
import enum
import itertools
import os
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

import structlog
from django.db import InterfaceError, OperationalError
from django.utils.translation import gettext_lazy as _

from core import metrics
from core.db import drop_connections
from core.errors import TooMany, TransientError

log = structlog.get_logger(__name__)

T = TypeVar("T")
R = TypeVar("R")

#: Seconds without work after which a lane gives its connection back.
IDLE: Final = 30.0
#: Seconds between two tries of items whose rows are locked: at first, and at most.
FIRST_RETRY, LAST_RETRY = 0.005, 0.1
#: Seconds between two log lines about failing batches.
LOG_EVERY: Final = 5.0


class Busy(enum.Enum):
    """What an action returns for an item whose row is locked by somebody else."""

    BUSY = "busy"


BUSY: Final = Busy.BUSY


@dataclass(slots=True, eq=False)
class _Waiting(Generic[T, R]):
    item: T
    key: Hashable
    future: asyncio.Future[R]
    give_up_at: float = 0.0


_Settled = list[tuple["asyncio.Future[Any]", Any]]

_all: weakref.WeakSet[GroupCommit[Any, Any]] = weakref.WeakSet()


class GroupCommit(Generic[T, R]):
    """Runs a list action in its own database thread and hands each item its own result.

    `action(items)` opens ONE transaction and returns one entry per item, in order: the result, an exception for that
    item alone, or BUSY (its row is locked: SKIP LOCKED passed it by). BUSY items are tried again by a second lane with
    its own connection until `patience` seconds have passed; items with the same `key` queue behind them, so that
    nobody overtakes.

    While the database is away (OperationalError, InterfaceError) the same batch is tried again, also for `patience`
    seconds: the action must know a repeat, because a commit may have happened although its answer was lost. What is
    given up, and whatever else `action` raises, fails with TransientError together with all that waits behind the
    same keys, so that nothing overtakes what its sender sends again.

    Each lane holds one connection while it has work.
    """

    def __init__(
        self,
        action: Callable[[list[T]], Sequence[R | Exception | Busy]],
        *,
        name: str,
        key: Callable[[T], Hashable] | None = None,
        max_batch: int = 256,
        max_waiting: int = 4096,
        patience: float = 15.0,
    ) -> None:
        self._action = action
        self._name = name
        self._key = key
        self._max_batch = max_batch
        self._max_waiting = max_waiting
        self._patience = patience
        self._logged_at = -LOG_EVERY
        self.reset()
        _all.add(self)

    def reset(self) -> None:
        """Start empty and without threads, as a forked child must."""
        self._changed = threading.Condition()
        self._fast: deque[_Waiting[T, R]] = deque()
        self._slow: dict[Hashable, deque[_Waiting[T, R]]] = {}
        self._slow_count = 0
        self._threads: dict[str, threading.Thread] = {}

    def submit(self, item: T) -> asyncio.Future[R]:
        """Queue an item from the event loop; the future ends after the commit.

        Raises (through the future): TooMany `busy` when `max_waiting` items wait already; TransientError when the
        database is away, or the item's row stayed locked; what the action returned for this item.
        """
        future: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        waiting = _Waiting(item, self._key(item) if self._key else None, future)
        with self._changed:
            if len(self._fast) + self._slow_count >= self._max_waiting:
                future.set_exception(TooMany("busy", _("Too much is being saved. Please try again."), retry_after=1))
                return future
            self._fast.append(waiting)
            self._start("fast", self._run_fast)
            self._changed.notify_all()
        return future

    def _start(self, lane: str, run: Callable[[], None]) -> None:
        if lane not in self._threads:
            self._threads[lane] = threading.Thread(target=run, name=f"commit-{self._name}-{lane}", daemon=True)
            self._threads[lane].start()

    # The fast lane

    def _run_fast(self) -> None:
        while True:
            batch = self._next_fast()
            if not batch:
                drop_connections()
                continue
            busy, settled = self._commit(batch)
            if busy:
                self._hand_to_slow(busy)
            _settle(settled)

    def _next_fast(self) -> list[_Waiting[T, R]]:
        """What waits, without those that must queue behind a locked row; empty after a time without work."""
        batch: list[_Waiting[T, R]] = []
        with self._changed:
            while not batch:
                if not self._changed.wait_for(lambda: self._fast, IDLE):
                    break
                while self._fast and len(batch) < self._max_batch:
                    waiting = self._fast.popleft()
                    if waiting.key is not None and waiting.key in self._slow:
                        self._queue_slow(waiting)
                    else:
                        batch.append(waiting)
        return batch

    def _hand_to_slow(self, busy: list[_Waiting[T, R]]) -> None:
        metrics.COMMIT_BUSY.labels(self._name).inc(len(busy))
        with self._changed:
            for waiting in busy:
                self._queue_slow(waiting)

    def _queue_slow(self, waiting: _Waiting[T, R]) -> None:
        waiting.give_up_at = time.monotonic() + self._patience
        self._slow.setdefault(waiting.key, deque()).append(waiting)
        self._slow_count += 1
        self._start("slow", self._run_slow)
        self._changed.notify_all()

    # The lane of those whose rows were locked: one queue per key

    def _run_slow(self) -> None:
        pause = FIRST_RETRY
        while True:
            batch = self._next_slow()
            if not batch:
                drop_connections()
                continue
            busy, settled = self._commit(batch)
            given_up = self._given_up(busy)
            settled += [
                (one.future, TransientError("locked")) for one in (*given_up, *self._take_followers(given_up, batch))
            ]
            self._put_back([one for one in busy if one not in given_up], batch)
            _settle(settled)
            pause = FIRST_RETRY if settled else min(pause * 2, LAST_RETRY)
            if busy:
                time.sleep(pause)

    def _next_slow(self) -> list[_Waiting[T, R]]:
        """The heads of the queues, in order; they stay queued, so that followers keep behind them."""
        with self._changed:
            self._changed.wait_for(lambda: self._slow, IDLE)
            return list(itertools.islice(itertools.chain.from_iterable(self._slow.values()), self._max_batch))

    @staticmethod
    def _given_up(busy: list[_Waiting[T, R]]) -> dict[_Waiting[T, R], None]:
        """Those who have waited too long for a lock, and with them those who wait behind them."""
        now = time.monotonic()
        keys = {one.key for one in busy if one.give_up_at <= now} - {None}
        return dict.fromkeys(one for one in busy if one.give_up_at <= now or one.key in keys)

    def _put_back(self, busy: list[_Waiting[T, R]], batch: list[_Waiting[T, R]]) -> None:
        """Take what is done out of the queues; what is still locked goes behind the others, in its own order."""
        gone = set(batch) - set(busy)
        with self._changed:
            for key in dict.fromkeys(waiting.key for waiting in batch):
                queue = deque(waiting for waiting in self._slow.pop(key, ()) if waiting not in gone)
                if queue:
                    self._slow[key] = queue
            self._slow_count -= len(gone)

    # Both

    def _commit(self, batch: list[_Waiting[T, R]]) -> tuple[list[_Waiting[T, R]], _Settled]:
        """Run the action: those whose rows are locked, and the outcomes of the others."""
        started = time.perf_counter()
        try:
            outcomes = self._act(batch)
        except Exception as error:  # noqa: BLE001 (whatever it is: everyone who waits is told)
            self._note_failure(error)
            failed = [*batch, *self._take_followers(batch, batch)]
            return [], [(one.future, TransientError(type(error).__name__)) for one in failed]
        metrics.COMMIT_BATCHES.labels(self._name).inc()
        metrics.COMMIT_SECONDS.labels(self._name).observe(time.perf_counter() - started)
        paired = list(zip(batch, outcomes, strict=True))
        busy = [waiting for waiting, outcome in paired if outcome is BUSY]
        settled = [(waiting.future, outcome) for waiting, outcome in paired if outcome is not BUSY]
        metrics.COMMIT_ITEMS.labels(self._name).inc(len(settled))
        return busy, settled

    def _act(self, batch: list[_Waiting[T, R]]) -> Sequence[R | Exception | Busy]:
        """The action's outcomes; tried again over fresh connections while the database is away."""
        until, pause = time.monotonic() + self._patience, FIRST_RETRY
        while True:
            try:
                outcomes = self._action([waiting.item for waiting in batch])
            except (OperationalError, InterfaceError) as error:
                if time.monotonic() > until:
                    raise
                self._note_failure(error)
                time.sleep(pause)
                pause = min(pause * 2, LAST_RETRY)
                continue
            if len(outcomes) != len(batch):
                raise ValueError(f"{self._name}: {len(outcomes)} outcomes for {len(batch)} items")
            return outcomes

    def _take_followers(self, failed: Iterable[_Waiting[T, R]], batch: list[_Waiting[T, R]]) -> list[_Waiting[T, R]]:
        """Take what waits behind failed items out of the queues."""
        keys = {one.key for one in failed} - {None}
        if not keys:
            return []
        with self._changed:
            behind = [one for one in self._fast if one.key in keys]
            self._fast = deque(one for one in self._fast if one.key not in keys)
            taken = set(batch)
            slow = [one for key in keys for one in self._slow.pop(key, ()) if one not in taken]
            self._slow_count -= len(slow)
        return slow + behind

    def _note_failure(self, error: Exception) -> None:
        metrics.COMMIT_FAILED.labels(self._name).inc()
        self._log_failure(error)
        drop_connections()

    def _log_failure(self, error: Exception) -> None:
        """Once in a while: a database that restarts fails hundreds of batches for one reason."""
        now = time.monotonic()
        if now - self._logged_at > LOG_EVERY:
            self._logged_at = now
            log.error("commit_failed", name=self._name, exc_info=error)


def _settle(settled: _Settled) -> None:
    """End the futures on their loops, one wake-up per loop and batch."""
    by_loop: dict[asyncio.AbstractEventLoop, _Settled] = {}
    for future, outcome in settled:
        by_loop.setdefault(future.get_loop(), []).append((future, outcome))
    for loop, part in by_loop.items():
        with contextlib.suppress(RuntimeError):  # the loop has ended, and so has everyone who waited
            loop.call_soon_threadsafe(_end_futures, part)


def _end_futures(settled: _Settled) -> None:
    for future, outcome in settled:
        if future.done():
            continue
        if isinstance(outcome, Exception):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)


def _after_fork() -> None:
    for group_commit in list(_all):
        group_commit.reset()


os.register_at_fork(after_in_child=_after_fork)

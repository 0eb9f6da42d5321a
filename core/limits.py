"""Limits on how often somebody may do something, over all processes together.

`hit` and `ahit` ask Redis, in one atomic step. While Redis is away each process counts for itself with the same
limits, goes on from what it last heard, and says so (`is_degraded`). Sockets use `LocalMeter`: it never waits for Redis.
"""

import threading
import time
from hashlib import blake2b
from typing import Final

from django.conf import settings
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from core.errors import TooMany
from core.limits_redis import BATCH, Away, atake, breaker, take, take_all
from core.per_process import PerProcess
from core.sliding import Limit, Taken, Windows

__all__ = ["Limit", "LocalMeter", "ahit", "hit", "is_degraded"]

#: Seconds between two reports of meters: how late a process may learn of the others' counts.
REPORT_EVERY: Final = 0.25

_windows = PerProcess(Windows)


def hit(limit: Limit, *key: str) -> None:
    """Count one attempt of whoever the key names. Raises: TooMany with retry_after; a refused attempt is not counted.

    Cost: one round trip to Redis; at most 200 ms once when Redis goes away, nothing while it is.
    """
    name = _name_of(limit, key)
    try:
        taken = take(name, limit)
    except Away:
        taken = _windows().take(name, limit, _now())
    else:
        _windows().learn(name, limit, _now(), taken.current, taken.previous)
    _check(taken, limit)


async def ahit(limit: Limit, *key: str) -> None:
    """As `hit`, on the event loop."""
    name = _name_of(limit, key)
    try:
        taken = await atake(name, limit)
    except Away:
        taken = _windows().take(name, limit, _now())
    else:
        _windows().learn(name, limit, _now(), taken.current, taken.previous)
    _check(taken, limit)


def is_degraded() -> bool:
    """Whether this process counts alone because Redis is away."""
    return breaker().is_away


class LocalMeter:
    """A limit that decides at once from what this process knows; a thread of the process tells the others, four times
    a second.

    Between two reports N processes together may let through up to N times the limit, never longer.
    """

    __slots__ = ("_limit", "_name")

    def __init__(self, limit: Limit, *key: str) -> None:
        self._limit = limit
        self._name = _name_of(limit, key)

    def hit(self, amount: int = 1) -> None:
        """Count one attempt. Raises: TooMany. Never waits."""
        taken = _windows().take(self._name, self._limit, _now(), amount)
        _check(taken, self._limit, amount)
        _reporter().add(self._name, self._limit, amount)


class _Reporter:
    """Carries the counts of meters to Redis, and what all processes counted back into the windows."""

    def __init__(self) -> None:
        self._pending: dict[str, tuple[Limit, int]] = {}
        self._lock = threading.Lock()
        self._work = threading.Event()
        threading.Thread(target=self._run, name="limits", daemon=True).start()

    def add(self, name: str, limit: Limit, amount: int) -> None:
        """Report it with the next round."""
        with self._lock:
            _limit, waiting = self._pending.get(name, (limit, 0))
            self._pending[name] = (limit, waiting + amount)
        self._work.set()

    def _run(self) -> None:
        while self._work.wait():
            time.sleep(REPORT_EVERY)
            self._work.clear()
            with self._lock:
                pending, self._pending = self._pending, {}
            rows = [(name, limit, amount) for name, (limit, amount) in pending.items()]
            for start in range(0, len(rows), BATCH):
                self._report(rows[start : start + BATCH])

    def _report(self, rows: list[tuple[str, Limit, int]]) -> None:
        """While Redis is away reports are dropped: the process has counted them for itself."""
        try:
            answers = take_all(rows, forced=True)
        except Away:
            return
        for (name, limit, _amount), taken in zip(rows, answers, strict=True):
            with self._lock:
                waiting = self._pending.get(name, (limit, 0))[1]
                _windows().learn(name, limit, _now(), taken.current + waiting, taken.previous)


_reporter = PerProcess(_Reporter)


def _now() -> int:
    return time.time_ns() // 1_000_000


def _name_of(limit: Limit, key: tuple[str, ...]) -> str:
    """The window's name in Redis: keyed and hashed, for keys are addresses of people and Redis carries no such
    thing.
    """
    joined = "\x00".join(key).encode("utf-8", "replace")
    digest = blake2b(joined, digest_size=16, key=settings.HUB_KEY, person=b"limit").hexdigest()
    return f"{settings.REDIS_PREFIX}limit:{limit.name}:{digest}"


def _check(taken: Taken, limit: Limit, amount: int = 1) -> None:
    if taken.allowed:
        return
    seconds = taken.retry_after(limit, amount)
    raise TooMany(
        "too_many",
        format_lazy(_("Too many attempts in a short time. Please try again in {seconds} s."), seconds=seconds),
        retry_after=seconds,
    )

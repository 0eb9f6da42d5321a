"""The counts that all processes share: one Lua script, and clients that never keep anybody waiting."""

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, Final
from weakref import WeakKeyDictionary

import redis
import redis.asyncio
import structlog
from django.conf import settings
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as Disconnected
from redis.exceptions import RedisError
from redis.retry import Retry

from core.per_process import PerProcess
from core.sliding import Limit, Taken

log = structlog.get_logger(__name__)

#: Seconds that a connection or an answer may take before Redis counts as away.
PATIENCE: Final = 0.2
FIRST_PAUSE: Final = 0.5
LONGEST_PAUSE: Final = 5.0
#: Most attempts in one round trip.
BATCH: Final = 500
AWAY: Final = (RedisError, OSError)

Attempt = tuple[str, Limit, int]

#: KEYS: the window. ARGV: its length in ms, the limit, the amount, "1" to count it in any case (it happened already).
#: Answers allowed, count of this slot, count of the slot before, ms since this slot began. By Redis' clock, in one
#: step.
SCRIPT: Final = """
local window, count, amount = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local slot, elapsed = math.floor(now / window), now % window
local row = redis.call('HMGET', KEYS[1], 'slot', 'current', 'previous')
local stored, current, previous = tonumber(row[1]), 0, 0
if stored and stored > slot then slot, elapsed = stored, 0 end
if stored == slot then
    current, previous = tonumber(row[2]), tonumber(row[3])
elseif stored == slot - 1 then
    previous = tonumber(row[2])
end
local allowed = current + previous * (window - elapsed) / window + amount <= count
if allowed or ARGV[4] == '1' then
    current = current + amount
    redis.call('HSET', KEYS[1], 'slot', string.format('%d', slot), 'current', current, 'previous', previous)
    redis.call('PEXPIRE', KEYS[1], 2 * window)
end
return {allowed and 1 or 0, current, previous, elapsed}
"""


class Away(Exception):
    """Redis does not answer, or did not a moment ago; count in this process."""


class Breaker:
    """After a failure nobody asks Redis for a while; then one caller tries, the others go on without."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._pause = 0.0
        self._closed_until = 0.0

    @property
    def is_away(self) -> bool:
        """Whether the last attempt failed."""
        return self._pause > 0

    def enter(self) -> None:
        """Raises: Away while Redis is left alone."""
        if not self._pause:
            return
        with self._lock:
            now = self._clock()
            if now < self._closed_until:
                raise Away
            self._closed_until = now + self._pause

    def failed(self) -> None:
        """Leave Redis alone, longer each time."""
        with self._lock:
            if not self._pause:
                log.warning("limits_without_redis")
            self._pause = min(max(self._pause * 2, FIRST_PAUSE), LONGEST_PAUSE)
            self._closed_until = self._clock() + self._pause

    def succeeded(self) -> None:
        """Everybody may ask again."""
        if self._pause:
            log.info("limits_with_redis_again")
            self._pause = 0.0


breaker = PerProcess(Breaker)


def take(key: str, limit: Limit, amount: int = 1) -> Taken:
    """Count one attempt for all processes. Raises: Away."""
    return take_all([(key, limit, amount)], forced=False)[0]


def take_all(attempts: Sequence[Attempt], *, forced: bool) -> list[Taken]:
    """Count several attempts in one round trip; ``forced`` counts also those past the limit. Raises: Away."""
    breaker().enter()
    try:
        with _client().pipeline(transaction=False) as pipeline:
            for key, limit, amount in attempts:
                pipeline.eval(SCRIPT, 1, key, *_arguments(limit, amount, forced=forced))
            answers = pipeline.execute()
    except AWAY:
        breaker().failed()
        raise Away from None
    breaker().succeeded()
    return [_taken(answer) for answer in answers]


async def atake(key: str, limit: Limit, amount: int = 1) -> Taken:
    """As `take`, on the event loop. Raises: Away.

    Attempts that come while one round trip is under way share the next: a rush neither opens connections nor waits on
    them.
    """
    loop = asyncio.get_running_loop()
    takers = _loop_takers()
    taker = takers.get(loop)
    if taker is None:
        taker = takers[loop] = _LoopTaker()
    return await taker.take(key, limit, amount)


class _LoopTaker:
    """One loop's single connection, used by one batch at a time."""

    def __init__(self) -> None:
        self._client = redis.asyncio.Redis.from_url(
            settings.REDIS_URL,
            socket_timeout=PATIENCE,
            socket_connect_timeout=PATIENCE,
            retry=AsyncRetry(NoBackoff(), 1, supported_errors=(Disconnected,)),
        )
        self._waiting: list[tuple[Attempt, asyncio.Future[Taken]]] = []
        self._draining: asyncio.Task[None] | None = None

    async def take(self, key: str, limit: Limit, amount: int) -> Taken:
        future: asyncio.Future[Taken] = asyncio.get_running_loop().create_future()
        self._waiting.append(((key, limit, amount), future))
        if self._draining is None or self._draining.done():
            self._draining = asyncio.create_task(self._drain())
        return await future

    async def _drain(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:BATCH], self._waiting[BATCH:]
            try:
                answers = await self._ask([attempt for attempt, _future in batch])
                for (_attempt, future), taken in zip(batch, answers, strict=True):
                    if not future.done():
                        future.set_result(taken)
            except Away:
                pass
            finally:
                for _attempt, future in batch:
                    if not future.done():
                        future.set_exception(Away())

    async def _ask(self, attempts: Sequence[Attempt]) -> list[Taken]:
        breaker().enter()
        try:
            async with self._client.pipeline(transaction=False) as pipeline:
                for key, limit, amount in attempts:
                    pipeline.eval(SCRIPT, 1, key, *_arguments(limit, amount, forced=False))
                answers = await pipeline.execute()
        except AWAY:
            breaker().failed()
            raise Away from None
        breaker().succeeded()
        return [_taken(answer) for answer in answers]


def _arguments(limit: Limit, amount: int, *, forced: bool) -> tuple[str, ...]:
    return str(limit.window), str(limit.count), str(amount), "1" if forced else "0"


def _taken(answer: Sequence[Any]) -> Taken:
    allowed, current, previous, elapsed = (int(value) for value in answer)
    return Taken(bool(allowed), current, previous, elapsed)


def _make_client() -> redis.Redis:
    return redis.Redis.from_url(
        settings.REDIS_URL,
        socket_timeout=PATIENCE,
        socket_connect_timeout=PATIENCE,
        retry=Retry(NoBackoff(), 1, supported_errors=(Disconnected,)),  # once, for a connection that went stale
    )


_client = PerProcess(_make_client)
_loop_takers: PerProcess[WeakKeyDictionary[asyncio.AbstractEventLoop, _LoopTaker]] = PerProcess(WeakKeyDictionary)

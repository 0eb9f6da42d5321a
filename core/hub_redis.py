"""The hub's two connections to Redis, one to hear and one to speak, and a third for processes without an event loop.

All of it is hints: what is lost while Redis is away is found again by number, so nothing here is kept or repeated.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final
from zlib import crc32

import redis
import structlog
from redis.asyncio import Connection, ConnectionPool
from redis.exceptions import ConnectionError as Disconnected
from redis.exceptions import RedisError

from core import metrics
from core.hub_seal import HubSeal, Row

log = structlog.get_logger(__name__)

#: Channels that groups are hashed to. Few enough that a batch costs few commands, enough that a process with few
#: sockets hears a part of the traffic only.
SHARDS: Final = 64
#: Seconds: until a connection attempt, an answer, or a confirmation counts as Redis being away.
PATIENCE: Final = 1.0
#: Seconds of silence after which the listener asks whether Redis still lives.
HEARTBEAT: Final = 5.0
#: Longest pause between attempts, in seconds, and most frames that wait for Redis.
LONGEST_PAUSE: Final = 5.0
MAX_WAITING: Final = 20_000

_AWAY = (RedisError, OSError)


def channel_of(prefix: str, group: str) -> bytes:
    """The Redis channel that carries a group's frames."""
    return f"{prefix}hub:{crc32(group.encode()) % SHARDS}".encode()


def sealed(prefix: str, seal: HubSeal, rows: Sequence[Row]) -> list[tuple[str, bytes, bytes]]:
    """PUBLISH commands for rows: one per channel, in the order of the rows."""
    shards: dict[bytes, list[Row]] = {}
    for row in rows:
        shards.setdefault(channel_of(prefix, row[0]), []).append(row)
    return [("PUBLISH", channel, seal.seal(channel, part)) for channel, part in shards.items()]


def _pauses() -> Callable[[], float]:
    """Growing pauses, each spread at random so that processes do not come back together."""
    pause = 0.05

    def following() -> float:
        nonlocal pause
        pause = min(pause * 2, LONGEST_PAUSE)
        return pause * random.uniform(0.5, 1.0)  # noqa: S311 (spreads load, guards nothing)

    return following


class Listener:
    """Keeps subscriptions alive: reconnects, subscribes again, and notices a Redis that has stopped answering."""

    def __init__(self, pool: ConnectionPool, receive: Callable[[bytes, bytes], None]) -> None:
        self._pool = pool
        self._receive = receive
        self._connection: Connection | None = None
        self._wanted: set[bytes] = set()
        self._confirmed: set[bytes] = set()
        self._waiting: dict[bytes, asyncio.Future[None]] = {}
        self.away = False

    async def subscribe(self, channel: bytes) -> None:
        """Return when Redis has confirmed the channel, or is known to be away (then it is subscribed on return)."""
        new = channel not in self._wanted
        self._wanted.add(channel)
        if channel in self._confirmed or self.away:
            return
        confirmed = self._waiting.setdefault(channel, asyncio.get_running_loop().create_future())
        with suppress(*_AWAY):
            async with asyncio.timeout(PATIENCE):
                if new and self._connection is not None:
                    await self._connection.send_command("SUBSCRIBE", channel)
                await asyncio.shield(confirmed)

    async def run(self) -> None:
        """Listen for ever."""
        pauses = _pauses()
        while True:
            connection: Connection = self._pool.make_connection()  # type: ignore[no-untyped-call]
            try:
                await connection.connect()  # type: ignore[no-untyped-call]
                pauses = _pauses()
                await self._listen(connection)
            except _AWAY as error:
                if not self.away:
                    log.warning("hub_lost_redis", error=type(error).__name__)
            finally:
                self._forget()
                with suppress(*_AWAY):
                    await connection.disconnect(nowait=True)
            await asyncio.sleep(pauses())

    async def _listen(self, connection: Connection) -> None:
        self._connection = connection
        if self._wanted:
            await connection.send_command("SUBSCRIBE", *self._wanted)
        self.away = False
        asked = False
        while True:
            answer = await connection.read_response(timeout=HEARTBEAT, disconnect_on_error=False)
            if answer is not None:
                asked = False
                self._take(answer)
            elif asked:
                raise Disconnected("no answer")
            else:
                asked = True
                await connection.send_command("PING")

    def _take(self, answer: object) -> None:
        match answer:
            case [b"message", bytes(channel), bytes(payload)]:
                self._receive(channel, payload)
            case [b"subscribe", bytes(channel), _]:
                self._confirmed.add(channel)
                self._tell(channel)

    def _tell(self, channel: bytes) -> None:
        waiting = self._waiting.pop(channel, None)
        if waiting is not None and not waiting.done():
            waiting.set_result(None)

    def _forget(self) -> None:
        self.away = True
        self._connection = None
        self._confirmed.clear()
        for channel in list(self._waiting):
            self._tell(channel)


class Speaker:
    """Publishes what has gathered since the last answer of Redis, in one write; drops it when Redis is away."""

    def __init__(self, pool: ConnectionPool, prefix: str, seal: HubSeal) -> None:
        self._pool = pool
        self._prefix = prefix
        self._seal = seal
        self._rows: list[Row] = []
        self._wake = asyncio.Event()
        self._tried_again = False
        self.away = False

    def put(self, rows: Sequence[Row]) -> None:
        """Queue rows on the loop's thread; dropped and counted if Redis is away or too slow."""
        if self.away or len(self._rows) >= MAX_WAITING:
            metrics.HUB_DROPPED.labels("redis_away").inc(len(rows))
            return
        self._rows.extend(rows)
        self._wake.set()

    async def run(self) -> None:
        """Speak for ever."""
        pauses = _pauses()
        while True:
            connection: Connection = self._pool.make_connection()  # type: ignore[no-untyped-call]
            try:
                await self._exchange(connection, [("PING",)])
                self.away = False
                await self._speak(connection)
            except _AWAY as error:
                if self._tried_again or not self._rows:
                    self._give_up(error)
                self._tried_again = True
            finally:
                with suppress(*_AWAY):
                    await connection.disconnect(nowait=True)
            if self.away:
                await asyncio.sleep(pauses())
            else:
                pauses = _pauses()

    async def _speak(self, connection: Connection) -> None:
        self._wake.set()
        while True:
            await self._wake.wait()
            self._wake.clear()
            rows, self._rows = self._rows, []
            if not rows:
                continue
            try:
                await self._exchange(connection, sealed(self._prefix, self._seal, rows))
            except _AWAY:
                # Often only this connection is dead, and nobody noticed while it was silent.
                self._rows[:0] = rows
                raise
            self._tried_again = False
            metrics.HUB_PUBLISHED.inc(len(rows))

    def _give_up(self, error: Exception) -> None:
        if not self.away:
            log.warning("hub_cannot_publish", error=type(error).__name__)
        self.away = True
        metrics.HUB_DROPPED.labels("redis_away").inc(len(self._rows))
        self._rows.clear()

    @staticmethod
    async def _exchange(connection: Connection, commands: Sequence[tuple[str | bytes, ...]]) -> None:
        async with asyncio.timeout(PATIENCE):
            await connection.connect()  # type: ignore[no-untyped-call]
            await connection.send_packed_command(connection.pack_commands(commands), check_health=False)
            for _ in commands:
                await connection.read_response()


class ThreadSpeaker:
    """The same for workers and commands: called on one dispatcher thread, with a client that waits."""

    def __init__(self, url: str, prefix: str, seal: HubSeal) -> None:
        self._client = redis.Redis.from_url(url, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE, retry=None)
        self._prefix = prefix
        self._seal = seal
        self._not_before = 0.0
        self.away = False

    def publish(self, rows: Sequence[Row]) -> None:
        """Publish now; after a failure nothing is tried for a moment, so that a dead Redis delays nobody."""
        if time.monotonic() < self._not_before:
            metrics.HUB_DROPPED.labels("redis_away").inc(len(rows))
            return
        try:
            with self._client.pipeline(transaction=False) as pipeline:
                for command in sealed(self._prefix, self._seal, rows):
                    pipeline.execute_command(*command)  # type: ignore[no-untyped-call]
                pipeline.execute()
        except _AWAY as error:
            self.away = True
            self._not_before = time.monotonic() + PATIENCE
            metrics.HUB_DROPPED.labels("redis_away").inc(len(rows))
            log.warning("hub_cannot_publish", error=type(error).__name__)
        else:
            self.away = False
            metrics.HUB_PUBLISHED.inc(len(rows))

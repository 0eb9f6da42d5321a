"""The sockets of this process: their shared clock, their way out, and the database's view of what they miss."""

from __future__ import annotations

import asyncio
import contextvars
import random
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Final, Protocol

import structlog

from core import metrics
from core.db import in_db
from core.errors import TransientError
from core.windows import NumberedStream

log = structlog.get_logger(__name__)

#: Seconds between two looks at every socket's deadlines.
TICK: Final = 0.5
#: Numbers or sessions asked for in one query.
CHUNK: Final = 5_000
#: Seconds that an ending process waits for commits under way, and for its last bytes to leave.
FINISH_WITHIN: Final = 20.0
FLUSH: Final = 0.3

Pair = tuple[str, int]


class Watched(Protocol):
    """What the lobby and the watcher need of a socket."""

    session: Pair | None

    @property
    def watched_by(self) -> Watcher | None:
        """The watcher of the socket's class."""

    @property
    def streams(self) -> Collection[NumberedStream]:
        """The threads that the socket delivers by number."""

    @property
    def in_flight(self) -> int:
        """Answers that the socket still owes."""

    def tick(self, now: float) -> None:
        """Look at the deadlines."""

    def catch_up(self, stream: NumberedStream) -> None:
        """Read what the stream misses, if anything."""

    def restart(self, within: int) -> None:
        """Tell the client to come back within so many seconds."""

    def close(self, code: int) -> None:
        """Close the socket."""


class Lobby:
    """All open sockets of the process, and one task that looks after their deadlines: none of them has a timer."""

    def __init__(self) -> None:
        self.sockets: set[Watched] = set()
        #: The process ends: nobody comes in, health says not ready.
        self.draining = False
        self._ticker: asyncio.Task[None] | None = None

    def enter(self, socket: Watched) -> None:
        """Look after a socket from now on."""
        self.sockets.add(socket)
        metrics.SOCKETS.set(len(self.sockets))
        loop = asyncio.get_running_loop()
        if self._ticker is None or self._ticker.done() or self._ticker.get_loop() is not loop:
            self._ticker = loop.create_task(self._tick(), name="sockets", context=contextvars.Context())

    def leave(self, socket: Watched) -> None:
        """Forget a socket. Repeat: harmless."""
        self.sockets.discard(socket)
        metrics.SOCKETS.set(len(self.sockets))

    async def _tick(self) -> None:
        loop = asyncio.get_running_loop()
        while self.sockets:
            await asyncio.sleep(TICK)
            now = loop.time()
            sockets = tuple(self.sockets)
            for socket in sockets:
                socket.tick(now)
            for watcher in {socket.watched_by for socket in sockets}:
                if watcher is not None:
                    watcher.turn(now, sockets)


lobby = Lobby()


class Watcher:
    """Asks the database for what the hub may have lost: one query every 2 s for all sockets of its classes.

    `ahead` gets (group, newest number known here), at most 5,000, and returns (group, newest number) for the threads
    that have moved on. `revoked` gets (session key, epoch) and returns those pairs that are no longer valid. Both are
    sync selectors and run in a database thread.
    """

    def __init__(
        self,
        ahead: Callable[[Sequence[Pair]], Iterable[Pair]],
        revoked: Callable[[Sequence[Pair]], Iterable[Pair]] | None = None,
        every: float = 2.0,
    ) -> None:
        self._ahead = ahead
        self._revoked = revoked
        self._every = every
        self._due = 0.0
        self._round: asyncio.Task[None] | None = None

    def turn(self, now: float, sockets: Collection[Watched]) -> None:
        """Start a round if one is due and the last one has ended."""
        if now < self._due or (self._round is not None and not self._round.done()):
            return
        self._due = now + self._every * random.uniform(0.75, 1.0)  # noqa: S311 (spreads load, guards nothing)
        mine = [socket for socket in sockets if socket.watched_by is self]
        self._round = asyncio.get_running_loop().create_task(self.look(mine), name="watcher")
        self._round.add_done_callback(_report)

    async def look(self, sockets: Collection[Watched]) -> None:
        """One round, now. A database that is away is counted; the next round asks again."""
        try:
            await self._look_for_revoked(sockets)
            await self._look_ahead(sockets)
        except TransientError:
            metrics.WATCH_FAILED.inc()

    async def _look_ahead(self, sockets: Collection[Watched]) -> None:
        streams: dict[str, list[tuple[Watched, NumberedStream]]] = {}
        for socket in sockets:
            for stream in socket.streams:
                streams.setdefault(stream.group, []).append((socket, stream))
        numbers = [(group, min(stream.known for _, stream in members)) for group, members in streams.items()]
        for chunk in _chunks(numbers):
            for group, number in await in_db(self._ahead, chunk):
                for _, stream in streams.get(group, ()):
                    stream.announce(number)
        for members in streams.values():
            for socket, stream in members:
                socket.catch_up(stream)

    async def _look_for_revoked(self, sockets: Collection[Watched]) -> None:
        if self._revoked is None:
            return
        sessions = sorted({socket.session for socket in sockets if socket.session is not None})
        for chunk in _chunks(sessions):
            revoked = set(await in_db(self._revoked, chunk))
            for socket in sockets if revoked else ():
                if socket.session in revoked:
                    socket.close(4409)


def _chunks(pairs: Sequence[Pair]) -> Iterable[Sequence[Pair]]:
    return (pairs[start : start + CHUNK] for start in range(0, len(pairs), CHUNK))


def _report(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("watcher_failed", exc_info=error)


async def restart_all(within: int = 10) -> None:
    """Tell every socket of this process to come back within so many seconds, finish what is under way, close 1012."""
    lobby.draining = True
    sockets = tuple(lobby.sockets)
    for socket in sockets:
        socket.restart(within)
    deadline = asyncio.get_running_loop().time() + FINISH_WITHIN
    while any(socket.in_flight for socket in sockets) and asyncio.get_running_loop().time() < deadline:  # noqa: ASYNC110
        await asyncio.sleep(0.02)
    for socket in sockets:
        socket.close(1012)
    if sockets:
        await asyncio.sleep(FLUSH)

"""The only way to reach a socket: groups in this process get the bytes at once, others through sealed Redis frames."""

from __future__ import annotations

import asyncio
import contextvars
import functools
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from django.conf import settings
from redis.asyncio import ConnectionPool

from core import metrics
from core.dispatching import Dispatcher
from core.hub_redis import PATIENCE, Listener, Speaker, ThreadSpeaker, channel_of
from core.hub_seal import HubSeal, Row, UnopenedError
from core.per_process import PerProcess


@dataclass(frozen=True, slots=True)
class Frame:
    """Bytes for every socket of a group. `seq` is the number in its thread, 0 for hints without one."""

    group: str
    seq: int
    kind: str
    data: bytes = field(repr=False)  # people's words: never in a log


class Subscriber(Protocol):
    """What joins a group."""

    def deliver(self, frame: Frame) -> None:
        """Called on the loop's thread; must neither block nor raise."""


class Hub:
    """Groups of one process and their connection to the groups of the others.

    Bound to the event loop of the first `join`. In a process where nobody joins (workers, commands) frames leave over
    a dispatcher thread.
    """

    def __init__(self, *, url: str, prefix: str, key: bytes) -> None:
        self._url = url
        self._prefix = prefix
        self._seal = HubSeal(key)
        self._groups: dict[str, dict[Subscriber, None]] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._loop_thread = 0
        self._listener: Listener | None = None
        self._speaker: Speaker | None = None
        self._tasks: tuple[asyncio.Task[None], ...] = ()
        self._thread_speaker = ThreadSpeaker(url, prefix, self._seal)
        self._dispatcher = Dispatcher("hub", limit=10_000)

    @property
    def degraded(self) -> bool:
        """Whether Redis is known to be away: sockets of other processes then learn of news from the database only."""
        if self._listener is not None and self._speaker is not None:
            return self._listener.away or self._speaker.away
        return self._thread_speaker.away

    def publish(self, frames: Sequence[Frame]) -> None:
        """Hand frames to every socket of their groups, here and elsewhere. Any thread; never blocks."""
        loop = self._loop
        if loop is None or loop.is_closed():
            rows = [_row_of(frame) for frame in frames]
            self._dispatcher.put(functools.partial(self._thread_speaker.publish, rows))
        elif threading.get_ident() == self._loop_thread:
            self._publish_here(frames)
        else:
            loop.call_soon_threadsafe(self._publish_here, tuple(frames))

    async def join(self, group: str, subscriber: Subscriber) -> None:
        """Receive a group's frames; returns when Redis has confirmed, or is known to be away.

        Repeat: joining twice is joining once.
        """
        listener = self._bind()
        self._groups.setdefault(group, {})[subscriber] = None
        await listener.subscribe(channel_of(self._prefix, group))

    def leave(self, group: str, subscriber: Subscriber) -> None:
        """Stop receiving a group's frames. Repeat: harmless."""
        members = self._groups.get(group)
        if members is not None:
            members.pop(subscriber, None)
            if not members:
                del self._groups[group]

    async def stop(self) -> None:
        """End the connections to Redis; frames that have not left are lost."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = ()
        self._loop = self._listener = self._speaker = None

    def _bind(self) -> Listener:
        loop = asyncio.get_running_loop()
        if self._listener is not None and self._loop is loop:
            return self._listener
        pool = ConnectionPool.from_url(self._url, socket_connect_timeout=PATIENCE, socket_timeout=None)
        self._groups.clear()
        self._loop, self._loop_thread = loop, threading.get_ident()
        self._listener = Listener(pool, self._receive)
        self._speaker = Speaker(pool, self._prefix, self._seal)
        self._tasks = (
            # Without the context of the socket that happened to come first: its id is not on the hub's log lines.
            loop.create_task(self._listener.run(), name="hub-listener", context=contextvars.Context()),
            loop.create_task(self._speaker.run(), name="hub-speaker", context=contextvars.Context()),
        )
        return self._listener

    def _publish_here(self, frames: Sequence[Frame]) -> None:
        for frame in frames:
            self._deliver(frame)
        if self._speaker is not None:
            self._speaker.put([_row_of(frame) for frame in frames])

    def _deliver(self, frame: Frame) -> None:
        members = self._groups.get(frame.group)
        if members:
            for subscriber in tuple(members):
                subscriber.deliver(frame)

    def _receive(self, channel: bytes, payload: bytes) -> None:
        if self._seal.is_own(payload):
            return
        try:
            rows = self._seal.open(channel, payload)
        except UnopenedError:
            metrics.HUB_DROPPED.labels("unopened").inc()
            return
        metrics.HUB_RECEIVED.inc(len(rows))
        for row in rows:
            if row[0] in self._groups:
                self._deliver(Frame(*row))


def _row_of(frame: Frame) -> Row:
    return frame.group, frame.seq, frame.kind, frame.data


def _make_hub() -> Hub:
    made = Hub(url=settings.REDIS_URL, prefix=settings.REDIS_PREFIX, key=settings.HUB_KEY)
    metrics.HUB_DEGRADED.set_function(lambda: float(made.degraded))
    return made


_hub = PerProcess(_make_hub)


def hub() -> Hub:
    """The hub of this process, made on first use; a forked child gets its own."""
    return _hub()

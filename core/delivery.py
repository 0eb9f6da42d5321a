"""What a socket delivers: frames of groups it joined, and numbered threads without a gap or a duplicate."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Collection

import structlog
from msgspec import Struct

from core import metrics
from core.errors import TransientError
from core.frames import BadFrameError, More
from core.hub import Frame, hub
from core.windows import NumberedStream

log = structlog.get_logger(__name__)

#: Seconds that a client may leave its window full.
STALLED_FOR = 60.0


class CloseSocket(Exception):
    """Raised by a handler: close this socket with that code (4401 not authenticated, 4403 forbidden, 4409 revoked)."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class Delivery(ABC):
    """The receiving half of a socket: its groups in the hub, its numbered threads, and what it reads to catch up."""

    def __init__(self) -> None:
        self._streams: dict[str, NumberedStream] = {}
        self._groups: set[str] = set()
        self._fills: set[asyncio.Task[None]] = set()
        self._gone = False

    @property
    @abstractmethod
    def closed(self) -> bool:
        """Whether nothing can be sent any more."""

    @abstractmethod
    def send(self, frame: Struct) -> None:
        """Send a tagged struct now."""

    @abstractmethod
    def send_text(self, text: str) -> None:
        """Send an encoded frame now."""

    @abstractmethod
    def close(self, code: int) -> None:
        """Close the socket."""

    async def read_after(self, after: int, limit: int) -> list[Frame]:
        """Numbered frames after a number, oldest first, from the database, serialised like the live ones."""
        raise NotImplementedError

    async def read_thread(self, group: str, after: int, limit: int) -> list[Frame]:  # noqa: ARG002 (for overriding)
        """The same for sockets with many threads."""
        return await self.read_after(after, limit)

    def more_frame(self, group: str, after: int) -> Struct:  # noqa: ARG002 (for overriding)
        """What tells the client to ask for the next page."""
        return More(after)

    @property
    def sent(self) -> int:
        """Number of the last frame delivered in the first thread that went live; 0 before."""
        return next((stream.sent for stream in self._streams.values()), 0)

    @property
    def known(self) -> int:
        """The newest number that this process knows of in the first thread that went live; 0 before."""
        return next((stream.known for stream in self._streams.values()), 0)

    @property
    def first_group(self) -> str:
        """The group of the first thread that went live."""
        return next(iter(self._streams), "")

    async def join(self, *groups: str) -> None:
        """Receive what these groups are told from now on, `revoked` included; returns when subscribed."""
        for group in groups:
            self._groups.add(group)
            await hub().join(group, self)
        if self._gone:
            self.leave(*groups)

    def leave(self, *groups: str) -> None:
        """Stop receiving these groups."""
        for group in groups:
            self._groups.discard(group)
            hub().leave(group, self)

    async def go_live(self, group: str, after: int) -> None:
        """Subscribe, confirmed; send what is after `after` (200, then `more`); then live. No gap, no duplicate."""
        stream = self._streams[group] = NumberedStream(group, after)
        stream.ask(after)
        stream.reading = True
        try:
            await self.join(group)
        except BaseException:
            stream.reading = False
            raise
        await self._fill(stream)

    def stop(self, group: str) -> None:
        """End the numbered delivery of a thread."""
        self._streams.pop(group, None)
        self.leave(group)

    def acknowledge(self, group: str, seq: int) -> None:
        """The client has shown a thread up to this number: what its window held back may follow."""
        stream = self._streams.get(group)
        if stream is not None:
            stream.acknowledge(seq)
            self.catch_up(stream)

    def read_again(self, group: str, after: int) -> None:
        """The client asks for a thread after this number; one that keeps asking without moving on is closed."""
        stream = self._streams.get(group)
        if stream is None:
            raise BadFrameError
        if not stream.ask(after):
            raise CloseSocket(4429)
        self.catch_up(stream)

    @property
    def streams(self) -> Collection[NumberedStream]:
        """The threads that the socket delivers by number."""
        return self._streams.values()

    def deliver(self, frame: Frame) -> None:
        """Called by the hub: send it, keep it for later, or drop it as already sent."""
        if frame.kind == "revoked":
            self.close(4409)
        elif (stream := self._streams.get(frame.group)) is None or frame.seq == 0:
            self._deliver_hint(frame)
        elif stream.offer(frame):
            self.send_text(frame.data.decode())
        else:
            self.catch_up(stream)

    def catch_up(self, stream: NumberedStream) -> None:
        """Read what the stream misses, if anything, beside whatever else is going on."""
        if stream.wants_reading and not stream.reading and self._is_current(stream):
            stream.reading = True
            task = asyncio.get_running_loop().create_task(self._fill(stream))
            self._fills.add(task)
            task.add_done_callback(self._filled)

    def is_stuck(self, now: float) -> bool:
        """Whether the client has left a window full for too long while more is waiting."""
        return any(self._is_stuck(stream, now) for stream in self._streams.values())

    def leave_everything(self) -> None:
        """The socket is gone: leave all groups, end all threads. Repeat: harmless."""
        self._gone = True
        self.leave(*tuple(self._groups))
        self._streams.clear()

    async def _fill(self, stream: NumberedStream) -> None:
        try:
            while self._is_current(stream) and (read := stream.next_read()) is not None:
                after, limit = read
                metrics.CATCH_UPS.inc()
                frames = await self.read_thread(stream.group, after, limit)
                if not self._is_current(stream):
                    return
                sending, more = stream.take(frames, after, limit)
                for frame in sending:
                    self.send_text(frame.data.decode())
                if more:
                    self.send(self.more_frame(stream.group, stream.sent))
        finally:
            stream.reading = False

    def _filled(self, task: asyncio.Task[None]) -> None:
        self._fills.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None and not isinstance(error, TransientError):
            log.error("catch_up_failed", exc_info=error)

    @staticmethod
    def _is_stuck(stream: NumberedStream, now: float) -> bool:
        if stream.room > 0 or stream.known <= stream.sent or stream.paused:
            return False
        if stream.stalled_since is None:
            stream.stalled_since = now
        return now - stream.stalled_since > STALLED_FOR

    def _deliver_hint(self, frame: Frame) -> None:
        """Frames without a number are worth nothing later: a client that does not keep up does not get them.

        Hints of a thread follow its window; others come as long as any thread has room.
        """
        stream = self._streams.get(frame.group)
        asked = [stream] if stream is not None else self._streams.values()
        if not asked or any(one.room for one in asked):
            self.send_text(frame.data.decode())

    def _is_current(self, stream: NumberedStream) -> bool:
        """Whether this is still the delivery of its thread: what was read for one that was stopped is not sent."""
        return not self.closed and self._streams.get(stream.group) is stream

"""What one socket has been sent of one numbered thread, and what it may be sent next. Pure: no clock, no I/O."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from core.hub import Frame

#: Numbered frames that may be on their way without the client having said `got`.
WINDOW: Final = 64
#: Frames that answer one `hello` or `resume`; what is left is announced with `more`.
PAGE: Final = 200
#: How often a client may ask for the same page again without having moved on.
REPEATS: Final = 3


class NumberedStream:
    """Delivers each number of a thread once and in order, whatever order and number of times frames arrive in.

    Frames come from the hub (`offer`) or were read from the database (`take`). While a read is under way, arriving
    frames are held and merged behind it. A client that does not say `got` is sent nothing beyond the window; only the
    newest number is kept, and the rest is read when it moves on.
    """

    __slots__ = (
        "_asked", "_furthest", "_held", "_repeats", "got", "group", "known", "paused", "reading", "sent", "stalled_since",
    )  # fmt: skip

    def __init__(self, group: str, after: int) -> None:
        self.group = group
        self.sent = self.got = self.known = after
        self.reading = False
        #: A page ended with `more`: nothing is sent until the client asks again.
        self.paused = False
        #: When the client's window was first found full; None while it is not.
        self.stalled_since: float | None = None
        self._asked: int | None = None
        self._held: dict[int, Frame] | None = None
        self._furthest = after - 1
        self._repeats = 0

    @property
    def room(self) -> int:
        """Frames that may be sent now."""
        return max(0, WINDOW - (self.sent - self.got))

    @property
    def wants_reading(self) -> bool:
        """Whether a read from the database would have something to send."""
        return self._asked is not None or (self.known > self.sent and self.room > 0 and not self.paused)

    def announce(self, number: int) -> None:
        """Learn that the thread has come this far."""
        self.known = max(self.known, number)

    def offer(self, frame: Frame) -> bool:
        """Whether this frame is to be sent right now; counted as sent if so."""
        self.announce(frame.seq)
        if frame.seq <= self.sent:
            return False
        if self.reading:
            self._hold(frame)
            return False
        if frame.seq != self.sent + 1 or self.room == 0 or self.paused:
            return False
        self.sent = frame.seq
        return True

    def acknowledge(self, seq: int) -> None:
        """The client has shown everything up to `seq`; more than was sent counts as all of it."""
        seen = min(seq, self.sent)
        if seen > self.got:
            self.got = seen
            self.stalled_since = None
        if seen > self._furthest:
            self._furthest = seen
            self._repeats = 0

    def ask(self, after: int) -> bool:
        """The client wants a page after this number, and so has everything up to it.

        False if it keeps asking without moving on: then it is not answered.
        """
        self._repeats = 0 if after > self._furthest else self._repeats + 1
        if self._repeats > REPEATS:
            return False
        self._furthest = max(self._furthest, after)
        self._asked = after
        return True

    def next_read(self) -> tuple[int, int] | None:
        """The next read as (after, limit), one more than a page to see whether it is the last; None if none is due."""
        if self._asked is not None:
            return self._asked, PAGE + 1
        return (self.sent, self.room) if self.wants_reading else None

    def take(self, frames: Sequence[Frame], after: int, limit: int) -> tuple[list[Frame], bool]:
        """What to send of the frames read, with what was held merged behind; and whether `more` is to follow."""
        is_page = limit > PAGE
        if self._asked is not None:
            if not is_page or self._asked != after:
                return [], False
            self._restart_at(after)
        sending = [frame for frame in frames[: min(limit, PAGE)] if frame.seq > self.sent]
        if sending:
            self.sent = sending[-1].seq
            self.announce(frames[-1].seq)
        elif not self._held:
            self.known = self.sent
        self.paused = is_page and len(frames) > PAGE
        if not self.paused:
            sending += self._release()
        return sending, self.paused

    def _restart_at(self, after: int) -> None:
        self._asked = None
        self.sent = self.got = after
        self.stalled_since = None
        self.announce(after)

    def _hold(self, frame: Frame) -> None:
        if self._held is None:
            self._held = {}
        if len(self._held) < WINDOW:
            self._held[frame.seq] = frame

    def _release(self) -> list[Frame]:
        """Held frames that follow on what was sent; the others are read when they are due."""
        held, self._held = self._held or {}, None
        following = []
        while self.room > 0 and (frame := held.get(self.sent + 1)) is not None:
            self.sent = frame.seq
            following.append(frame)
        self.announce(max(held, default=0))
        return following

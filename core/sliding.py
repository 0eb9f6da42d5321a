"""How a limit counts: a sliding window of two slots. Pure arithmetic, and a store of it in this process.

What was let through in the slot before counts in proportion to how much of it still lies in the window. So no window
of the limit's length lets more through than about the limit, and a key costs two numbers, however high the limit is.
"""

import math
import threading
from dataclasses import dataclass
from typing import Final

#: Keys that a process remembers; past it, finished windows are forgotten, then the oldest.
MOST_KEYS: Final = 50_000


@dataclass(frozen=True, slots=True)
class Limit:
    """``count`` times in ``seconds``, for each key on its own. The name tells limits apart and never changes."""

    name: str
    count: int
    seconds: int

    @property
    def window(self) -> int:
        """Length in milliseconds."""
        return self.seconds * 1000


@dataclass(frozen=True, slots=True)
class Taken:
    """The answer to one attempt: whether it is let through, and how the window stands afterwards."""

    allowed: bool
    current: int
    previous: int
    elapsed: int

    def retry_after(self, limit: Limit, amount: int = 1) -> int:
        """Whole seconds until the same attempt would be let through, at least 1. Pure."""
        room = limit.count - amount
        if room < 0:
            return limit.seconds
        if self.current <= room:
            wait = limit.window * (1 - (room - self.current) / max(self.previous, 1)) - self.elapsed
        else:
            wait = limit.window * (2 - room / self.current) - self.elapsed
        return max(1, math.ceil(wait / 1000))


@dataclass(slots=True)
class _Slots:
    number: int
    current: int
    previous: int
    ends: int


class Windows:
    """Counts of this process. Thread-safe; nothing waits longer than for a few dictionary operations."""

    def __init__(self, most_keys: int = MOST_KEYS) -> None:
        self._most = most_keys
        self._slots: dict[str, _Slots] = {}
        self._lock = threading.Lock()

    def take(self, key: str, limit: Limit, now: int, amount: int = 1) -> Taken:
        """Count an attempt at ``now`` (milliseconds) if the limit has room for it; a refused one is not counted."""
        with self._lock:
            slots, elapsed = self._at(key, limit, now)
            used = slots.current + slots.previous * (limit.window - elapsed) / limit.window
            allowed = used + amount <= limit.count
            if allowed:
                slots.current += amount
            return Taken(allowed, slots.current, slots.previous, elapsed)

    def learn(self, key: str, limit: Limit, now: int, current: int, previous: int) -> None:
        """Take over what all processes together have counted."""
        with self._lock:
            slots, _elapsed = self._at(key, limit, now)
            slots.current, slots.previous = current, previous

    def _at(self, key: str, limit: Limit, now: int) -> tuple[_Slots, int]:
        """The key's slots moved on to ``now``, and how far its current slot has run. A clock that went back stands
        still.
        """
        number, elapsed = divmod(now, limit.window)
        slots = self._slots.get(key)
        if slots is None:
            self._make_room(now)
            slots = self._slots[key] = _Slots(number, 0, 0, 0)
        elif number > slots.number:
            slots.previous = slots.current if number == slots.number + 1 else 0
            slots.number, slots.current = number, 0
        elif number < slots.number:
            elapsed = 0
        slots.ends = (slots.number + 2) * limit.window
        return slots, elapsed

    def _make_room(self, now: int) -> None:
        if len(self._slots) < self._most:
            return
        self._slots = {key: slots for key, slots in self._slots.items() if slots.ends > now}
        for key in list(self._slots)[: max(0, len(self._slots) - self._most * 3 // 4)]:
            del self._slots[key]

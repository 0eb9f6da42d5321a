"""Values that a process makes once, on first use, and that a forked child must make for itself."""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")

_all: weakref.WeakSet[PerProcess[object]] = weakref.WeakSet()


class PerProcess(Generic[T]):
    """Calls `make` once per process, whichever thread comes first; `name()` gives the value.

    Workers fork after importing everything: threads, sockets and random ids of the parent are no use to a child.
    """

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self.forget()
        _all.add(self)  # type: ignore[arg-type]

    def __call__(self) -> T:
        """The value of this process."""
        if not self._made:
            with self._lock:
                if not self._made:
                    self._made.append(self._make())
        return self._made[0]

    def forget(self) -> None:
        """Make it anew at the next call."""
        self._lock = threading.Lock()
        self._made: list[T] = []


def _forget_all() -> None:
    for value in list(_all):
        value.forget()


os.register_at_fork(after_in_child=_forget_all)

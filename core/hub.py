"""The only way to reach a socket: groups in this process get the bytes at once, others through sealed Redis frames."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Frame:
    """Bytes for every socket of a group. `seq` is the number in its thread, 0 for hints without one."""

    group: str
    seq: int
    kind: str
    data: bytes


class Subscriber(Protocol):
    """What joins a group."""

    def deliver(self, frame: Frame) -> None:
        """Called on the loop's thread; must not block."""


class Hub:
    """Groups of one process and their connection to the groups of the others."""

    degraded: bool

    def publish(self, frames: Sequence[Frame]) -> None:
        """Hand frames to every socket of their groups, here and elsewhere. Any thread; never blocks."""

    async def join(self, group: str, subscriber: Subscriber) -> None:
        """Receive a group's frames; returns when Redis has confirmed, or is known to be away."""

    def leave(self, group: str, subscriber: Subscriber) -> None:
        """Stop receiving a group's frames."""


def hub() -> Hub:
    """The hub of this process."""

"""What detectors read and what they answer."""

import time
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

CPU_SECONDS = 0.1
INVISIBLE = frozenset("\u00ad\u034f\u061c\u180e\u200b\u200c\u200d\u200e\u200f\u2060\u2061\u2062\u2063\u2064\ufeff")


class TookTooLong(Exception):
    """The text costs more to read than a message may; it is treated as a secret."""


class Budget:
    """Stops reading after 100 ms of this thread's processor time: what the text costs, not how busy the machine is."""

    def __init__(self, seconds: float = CPU_SECONDS) -> None:
        self._end = time.thread_time() + seconds

    def check(self) -> None:
        """Raises: TookTooLong. Detectors call it at every candidate."""
        if time.thread_time() > self._end:
            raise TookTooLong


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A secret: from where to where, and of which kind."""

    start: int
    end: int
    kind: str


@dataclass(frozen=True, slots=True)
class Reading:
    """Text as detectors see it: no invisible characters, full-width and other digits as plain ones; and where each
    came from.
    """

    text: str
    origins: Sequence[int]

    def span(self, start: int, end: int, kind: str) -> Span:
        """A span of the original text for one of the folded text."""
        return Span(self.origins[start], self.origins[end - 1] + 1, kind)


def read(text: str, start: int = 0, end: int | None = None) -> Reading:
    """Fold a part of a text. Cost: linear; ASCII is taken as it is."""
    part = text[start:end]
    if part.isascii():
        return Reading(part, range(start, start + len(part)))
    folded: list[str] = []
    origins: list[int] = []
    for place, char in enumerate(part, start):
        plain = char if char.isascii() else _fold(char)
        folded.append(plain)
        origins.extend([place] * len(plain))
    return Reading("".join(folded), origins)


def _fold(char: str) -> str:
    if char in INVISIBLE:
        return ""
    digit = unicodedata.decimal(char, None)
    return unicodedata.normalize("NFKC", char) if digit is None else str(digit)

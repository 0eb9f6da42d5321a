"""The offline judge: what everybody wrote down while faults were injected, against the thread as it stands afterwards.

Pure. Each rule names what it found, so that a failing run says what was lost, doubled, moved or told differently.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Line:
    """One public entry of a thread: its number, the sender's id ("" for what happened by itself) and its words."""

    number: int
    client_id: str
    text: str


@dataclass(slots=True)
class History:
    """What one party sent, was told and saw, each in the order in which it happened."""

    name: str
    sent: list[tuple[str, str]] = field(default_factory=list)
    acks: list[tuple[str, int]] = field(default_factory=list)
    seen: list[Line] = field(default_factory=list)

    @property
    def newest(self) -> int:
        """The number that this party has seen last."""
        return self.seen[-1].number if self.seen else 0

    @property
    def acked(self) -> set[str]:
        """Ids that were acknowledged at least once."""
        return {client_id for client_id, _number in self.acks}


def judge(histories: Iterable[History], thread: Sequence[Line]) -> list[str]:
    """Every broken promise, as a sentence; empty if all were kept. All histories are of this one thread."""
    histories = list(histories)
    return [
        *_thread(thread),
        *_strangers(histories, thread),
        *(said for one in histories for said in _party(one, thread)),
    ]


def _thread(thread: Sequence[Line]) -> Iterator[str]:
    numbers = [line.number for line in thread]
    if numbers != list(range(1, len(thread) + 1)):
        yield f"the numbers are not dense: {_first_odd(numbers)}"
    for client_id, times in Counter(line.client_id for line in thread if line.client_id).items():
        if times > 1:
            yield f"{client_id} is stored {times} times"


def _strangers(histories: Sequence[History], thread: Sequence[Line]) -> Iterator[str]:
    sent = {client_id for one in histories for client_id, _text in one.sent}
    for line in thread:
        if line.client_id and line.client_id not in sent:
            yield f"number {line.number} was sent by none of them"


def _party(one: History, thread: Sequence[Line]) -> Iterator[str]:
    stored = {line.client_id: line for line in thread if line.client_id}
    words = dict(one.sent)
    for client_id, number in one.acks:
        if client_id not in words:
            yield f"{one.name}: {client_id} was acknowledged and never sent"
        elif client_id not in stored:
            yield f"{one.name}: {client_id} was acknowledged and is lost"
        elif stored[client_id].number != number:
            yield f"{one.name}: {client_id} was acknowledged as {number} and is {stored[client_id].number}"
    for client_id, text in one.sent:
        if client_id in stored and stored[client_id].text != text:
            yield f"{one.name}: {client_id} is stored with other words"
    order = [stored[client_id].number for client_id, _text in one.sent if client_id in stored]
    if order != sorted(order):
        yield f"{one.name}: what was sent earlier stands later: {_first_odd(order)}"
    yield from _view(one, thread)


def _view(one: History, thread: Sequence[Line]) -> Iterator[str]:
    numbers = [line.number for line in one.seen]
    if numbers != list(range(1, len(numbers) + 1)):
        yield f"{one.name}: saw numbers twice, out of order or not at all: {_first_odd(numbers)}"
    seen = {line.number: line for line in one.seen}
    for line in thread:
        if line.number not in seen:
            yield f"{one.name}: never saw number {line.number}"
        elif (seen[line.number].client_id, seen[line.number].text) != (line.client_id, line.text):
            yield f"{one.name}: saw something else as number {line.number}"
    for number in sorted(seen.keys() - {line.number for line in thread}):
        yield f"{one.name}: saw number {number}, which is not stored"


def _first_odd(numbers: Sequence[int]) -> str:
    """The first place where a list of numbers does not simply go on, with its neighbours."""
    for place, number in enumerate(numbers):
        before = numbers[place - 1] if place else 0
        if number != before + 1:
            return f"{number} after {before}"
    return "nothing"

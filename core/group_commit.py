"""Many items, one transaction: while one commit runs, later items wait and share the next. No timer."""

from __future__ import annotations

import asyncio
import enum
from collections.abc import Callable, Hashable, Sequence
from typing import Final, Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")


class Busy(enum.Enum):
    """What an action returns for an item whose row is locked by somebody else."""

    BUSY = "busy"


BUSY: Final = Busy.BUSY


class GroupCommit(Generic[T, R]):
    """Runs a list action in its own database thread and hands each item its own result.

    `action(items)` opens ONE transaction and returns one entry per item, in order: the result, an exception for that
    item alone, or BUSY (its row is locked: SKIP LOCKED passed it by). BUSY items are tried again by a second thread
    with its own connection until `patience` seconds have passed; items with the same `key` queue behind them, so that
    nobody overtakes. Raising from `action` fails the whole batch with TransientError and drops the connection.
    """

    def __init__(
        self,
        action: Callable[[list[T]], Sequence[R | Exception | Busy]],
        *,
        name: str,
        key: Callable[[T], Hashable] | None = None,
        max_batch: int = 256,
        max_waiting: int = 4096,
        patience: float = 15.0,
    ) -> None: ...

    def submit(self, item: T) -> asyncio.Future[R]:
        """Queue an item from the event loop; the future ends after the commit.

        Raises (through the future): TooMany `busy` when `max_waiting` items wait already; TransientError.
        """

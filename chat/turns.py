"""Keeps the messages of one socket in the order they were sent, whichever of the two ways each of them is stored."""

from __future__ import annotations

import asyncio
import bisect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from core.errors import TooMany
from tickets.posted import CustomerDraft, NeedsOrdinary, Posted

#: Messages of one socket that may wait for the ordinary way.
MOST_WAITING: Final = 64


@dataclass(order=True, slots=True)
class _Turn:
    number: int
    ordinary: Callable[[], Awaitable[Any]] = field(compare=False)
    answer: asyncio.Future[Any] = field(compare=False)


class Turns:
    """The order of one socket.

    Drafts for the fast way are submitted at once, and several may be on their way. As soon as something has to take the
    ordinary way (the first message, files, a reopened ticket), everything after it waits: first for the drafts on their
    way, then for its turn. A draft that the fast way could not take goes back to its own place in the line.
    """

    __slots__ = ("_flying", "_landed", "_number", "_runner", "_submit", "_waiting")

    def __init__(self, submit: Callable[[CustomerDraft], asyncio.Future[Posted]]) -> None:
        self._submit = submit
        self._number = 0
        self._flying = 0
        self._landed: asyncio.Event | None = None
        self._waiting: list[_Turn] = []
        self._runner: asyncio.Task[None] | None = None

    @property
    def may_fly(self) -> bool:
        """Whether the fast way is open: nothing waits for the ordinary one."""
        return self._runner is None

    def post(self, draft: CustomerDraft | None, ordinary: Callable[[], Awaitable[Any]]) -> asyncio.Future[Any]:
        """Store by the fast way if a draft is given (only while `may_fly`), else, or if that fails, by the ordinary way.

        Raises: TooMany ``busy`` when too much waits already.
        """
        if len(self._waiting) >= MOST_WAITING:
            raise TooMany("busy", _("Too many messages are waiting. Please wait a moment."), retry_after=2)
        self._number += 1
        turn = _Turn(self._number, ordinary, asyncio.get_running_loop().create_future())
        if draft is None:
            self._wait(turn)
        else:
            self._flying += 1
            self._submit(draft).add_done_callback(partial(self._land, turn))
        return turn.answer

    def _land(self, turn: _Turn, flight: asyncio.Future[Posted]) -> None:
        self._flying -= 1
        if not flight.cancelled() and isinstance(flight.exception(), NeedsOrdinary):
            self._wait(turn)
        else:
            _pass_on(flight, turn.answer)
        if self._flying == 0 and self._landed is not None:
            self._landed.set()

    def _wait(self, turn: _Turn) -> None:
        bisect.insort(self._waiting, turn)
        if self._runner is None:
            self._runner = asyncio.get_running_loop().create_task(self._run(), name="turns")

    async def _run(self) -> None:
        try:
            if self._flying:
                self._landed = asyncio.Event()
                await self._landed.wait()
            while self._waiting:
                turn = self._waiting.pop(0)
                storing = asyncio.ensure_future(turn.ordinary())
                await asyncio.wait([storing])
                _pass_on(storing, turn.answer)
        finally:
            self._landed = self._runner = None


def _pass_on(done: asyncio.Future[Any], answer: asyncio.Future[Any]) -> None:
    if answer.done():
        return
    if done.cancelled():
        answer.cancel()
    elif error := done.exception():
        answer.set_exception(error)
    else:
        answer.set_result(done.result())

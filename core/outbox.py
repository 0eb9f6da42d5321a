"""Writing to an ASGI server from code that does not wait."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Generator
from typing import Any

from autobahn.exception import Disconnected

Event = dict[str, Any]
Send = Callable[[Event], Awaitable[None]]


class Outbox:
    """Sends events at once and in order, without a task for each.

    Daphne's `send` never waits, so its coroutine is simply run to its end. If a server's `send` does wait (for its
    buffer), one task finishes that and sends what has gathered meanwhile.
    """

    __slots__ = ("_gathered", "_send", "_task")

    def __init__(self, send: Send) -> None:
        self._send = send
        self._gathered: deque[Event] | None = None
        self._task: asyncio.Task[None] | None = None

    def put(self, event: Event) -> None:
        """Send an event now, or as soon as the server takes it. Raises: what the server's `send` raises."""
        if self._gathered is not None:
            self._gathered.append(event)
            return
        sending = self._send(event).__await__()
        try:
            waits_for = next(sending)
        except StopIteration:
            return
        self._gathered = gathered = deque[Event]()
        self._task = asyncio.get_running_loop().create_task(self._finish(_Rest(sending, waits_for), gathered))

    async def _finish(self, rest: _Rest, gathered: deque[Event]) -> None:
        try:
            await rest
            while gathered:
                await self._send(gathered.popleft())
        except (OSError, Disconnected):
            pass  # the client is gone; the server says so with `websocket.disconnect`
        finally:
            self._gathered = None


class _Rest:
    """What is left of a coroutine that has run up to its first wait."""

    __slots__ = ("_sending", "_waits_for")

    def __init__(self, sending: Generator[Any, Any, None] | Coroutine[Any, Any, None], waits_for: Any) -> None:
        self._sending = sending
        self._waits_for = waits_for

    def __await__(self) -> Generator[Any, Any, None]:
        while True:
            yield self._waits_for
            try:
                self._waits_for = self._sending.send(None)
            except StopIteration:
                return

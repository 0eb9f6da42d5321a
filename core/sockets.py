"""The base of every websocket: a plain ASGI app, one task per socket, told what to send and never asked to wait."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Any, ClassVar
from uuid import UUID

import msgspec

from core.hub import Frame


class CloseSocket(Exception):
    """Raised by a handler: close this socket with that code (4401 not authenticated, 4403 forbidden, 4409 revoked)."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class FrameSocket:
    """One browser tab. Subclasses declare `accepts` and write `on_<type>`; dots in a type become underscores.

    Handlers are sync or coroutines, `def on_message_send(self, frame: SendMessage) -> None`. Coroutines are awaited in
    order, so that nothing slow belongs in them but `on_hello` and `on_watch`; what waits for a commit goes to `later`.
    `got`, `resume` and `ping` are answered here unless the subclass accepts its own struct for them.

    Numbered delivery: a socket with one thread calls `await self.go_live(group, after)` in `on_hello` and implements
    `read_after`. A socket with many calls `go_live` per thread, `stop(group)`, and implements `read_thread`.
    """

    #: Frame type -> struct (forbid_unknown_fields, without the `type` field). Must hold "hello".
    accepts: ClassVar[dict[str, type[msgspec.Struct]]] = {}
    #: Asks PostgreSQL every 2 s which numbers and sessions have moved on; one per class, shared by its sockets.
    watcher: ClassVar[Watcher | None] = None

    scope: dict[str, Any]
    #: Language of error sentences; set it in `on_hello`.
    language: str
    #: (key, epoch) of the session behind this socket for the watcher's epoch check, set in `on_hello`.
    session: tuple[str, int] | None

    @classmethod
    def as_asgi(cls) -> Callable[..., Awaitable[None]]:
        """The ASGI application for the URL table."""

    def allowed_origins(self) -> Collection[str]:
        """Origins that may open this socket, compared exactly. Default: the origin of settings.PUBLIC_URL."""

    async def read_after(self, after: int, limit: int) -> list[Frame]:
        """Numbered frames after a number, oldest first, from the database, serialised like the live ones."""

    async def read_thread(self, group: str, after: int, limit: int) -> list[Frame]:
        """The same for sockets with many threads. Default: `read_after`."""

    def on_close(self) -> None:
        """Called once when the socket is gone, after it left all groups."""

    @property
    def sent(self) -> int:
        """Number of the last frame delivered in the first thread gone live; 0 before."""

    def send(self, frame: msgspec.Struct) -> None:
        """Send a tagged struct now. Never waits."""

    def close(self, code: int) -> None:
        """Close the socket; nothing is sent or handled afterwards."""

    async def join(self, *groups: str) -> None:
        """Receive unnumbered frames (and `revoked`) of these groups from now on; returns when subscribed."""

    def leave(self, *groups: str) -> None:
        """Stop receiving these groups."""

    async def go_live(self, group: str, after: int) -> None:
        """Subscribe, confirmed; send what is after `after` (200, then `more`); then live. No gap, no duplicate."""

    def stop(self, group: str) -> None:
        """End the numbered delivery of a thread."""

    def later(
        self,
        awaitable: Awaitable[Any],
        then: Callable[[Any], msgspec.Struct | None] | None = None,
        *,
        client_id: UUID | str | None = None,
    ) -> None:
        """Send `then(result)` when the result is there; errors become error frames. The next frame is read meanwhile.

        `client_id` defaults to that of the frame being handled.
        """

    def deliver(self, frame: Frame) -> None:
        """Called by the hub on the loop thread."""


class Watcher:
    """Asks the database for what the hub may have lost, in one query per 2 s and process for all sockets of a class.

    `ahead` gets (group, last number sent) pairs, at most 5,000, and returns (group, newest number) for those that are
    behind. `revoked` gets (session key, epoch) pairs and returns the keys that are no longer valid. Both are sync
    selectors and run in a database thread.
    """

    def __init__(
        self,
        ahead: Callable[[Sequence[tuple[str, int]]], Sequence[tuple[str, int]]],
        revoked: Callable[[Sequence[tuple[str, int]]], Collection[str]] | None = None,
        every: float = 2.0,
    ) -> None: ...


async def restart_all(within: int = 10) -> None:
    """Tell every socket of this process to come back within so many seconds, finish what is under way, close 1012."""


def same_origin(header: bytes, allowed: Collection[str]) -> bool:
    """Whether an Origin header names exactly one of the allowed origins (scheme, host and port, nothing else)."""

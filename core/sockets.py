"""The base of every websocket: a plain ASGI app, one task per socket, told what to send and never asked to wait."""

from __future__ import annotations

import asyncio
import functools
import uuid
from collections.abc import Awaitable, Callable, Collection, Coroutine
from typing import Any, ClassVar
from uuid import UUID

import structlog
from asgiref.sync import markcoroutinefunction
from autobahn.exception import Disconnected
from django.conf import settings
from django.utils.translation import gettext_lazy as _
from msgspec import Struct

from core import metrics
from core.close_codes import allow_registered_codes
from core.delivery import CloseSocket, Delivery
from core.errors import DomainError, TooMany, TransientError
from core.frames import (
    BadFrameError,
    FrameDecoder,
    Got,
    Ping,
    Pong,
    Restart,
    Resume,
    encode,
    error_frame,
    is_too_long,
)
from core.origins import origin_header, origin_of, same_origin
from core.outbox import Event, Outbox, Send
from core.unsent import MOST_UNSENT, unsent_by
from core.watching import Watcher, lobby, restart_all

__all__ = ["CloseSocket", "FrameSocket", "Watcher", "restart_all", "same_origin"]

log = structlog.get_logger(__name__)

#: Seconds: until the first frame, and without any frame.
HELLO_WITHIN = 5.0
IDLE_FOR = 150.0
#: Frames of one socket: bad ones until it is closed, in half a second, and unanswered ones.
MAX_BAD = 10
MAX_FRAMES = 250
MAX_IN_FLIGHT = 64

_OWN = {"got": Got, "resume": Resume, "ping": Ping}

Receive = Callable[[], Awaitable[Event]]
Application = Callable[[dict[str, Any], Receive, Send], Coroutine[Any, Any, None]]


class FrameSocket(Delivery):
    """One browser tab. Subclasses declare `accepts` and write `on_<type>`; dots in a type become underscores.

    Handlers are sync or coroutines. Coroutines are awaited in order, so that nothing slow belongs in them but the
    first hello; what waits for a commit goes to `later`. `got`, `resume` and `ping` are answered here unless the
    subclass accepts its own structs for them.

    Numbered delivery: a socket with one thread calls `await self.go_live(group, after)` in `on_hello` and implements
    `read_after`. A socket with many calls `go_live` and `stop` per thread, implements `read_thread`, and hands its own
    `got` and `resume` on to `acknowledge` and `read_again`.
    """

    #: Frame type -> struct without the `type` field. Must hold "hello".
    accepts: ClassVar[dict[str, type[Struct]]] = {}
    #: Asks PostgreSQL what the hub may have lost; one per class, shared by its sockets.
    watcher: ClassVar[Watcher | None] = None

    _decode: ClassVar[FrameDecoder]
    _handlers: ClassVar[dict[type[Struct], Callable[[Any, Any], Any]]]
    _hello: ClassVar[type[Struct]]

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if "accepts" not in cls.__dict__:
            return
        cls._decode = FrameDecoder(_OWN | cls.accepts)
        cls._handlers = {
            struct: getattr(cls, "on_" + name.replace(".", "_")) for struct, name in cls._decode.types.items()
        }
        cls._hello = next(struct for struct, name in cls._decode.types.items() if name == "hello")

    def __init__(self, scope: dict[str, Any], send: Send) -> None:
        super().__init__()
        self.scope = scope
        #: Language of error sentences; `on_hello` sets it.
        self.language: str = settings.LANGUAGE_CODE
        #: (key, epoch) of the session behind this socket, for the watcher; `on_hello` sets it.
        self.session: tuple[str, int] | None = None
        self.in_flight = 0
        self._outbox = Outbox(send)
        self._unsent = unsent_by(send)
        self._client_id: UUID | str | None = None
        self._opened_at = self._heard_at = asyncio.get_running_loop().time()
        self._allowance = MAX_FRAMES
        self._bad = 0
        #: The first frame came; it was also accepted.
        self._said_hello = False
        self._greeted = False
        self._closed = False

    # What subclasses write

    def allowed_origins(self) -> Collection[str]:
        """Origins that may open this socket, compared exactly."""
        return (origin_of(settings.PUBLIC_URL),)

    def on_close(self) -> None:
        """Called once when the socket is gone, after it left all groups. Must not raise."""

    # What subclasses call

    @property
    def closed(self) -> bool:
        """Whether nothing can be sent any more."""
        return self._closed

    def send(self, frame: Struct) -> None:
        """Send a tagged struct now. Never waits; nothing happens on a closed socket."""
        self.send_text(encode(frame))

    def send_text(self, text: str) -> None:
        """Send an encoded frame now. Never waits; nothing happens on a closed socket."""
        self._write({"type": "websocket.send", "text": text})

    def close(self, code: int) -> None:
        """Close the socket; nothing is sent or handled afterwards. Repeat: harmless."""
        if not self._closed:
            self._write({"type": "websocket.close", "code": code})
            self._closed = True
            metrics.SOCKETS_CLOSED.labels(str(code)).inc()
            self._leave_everything()

    def later(
        self,
        awaitable: Awaitable[Any],
        then: Callable[[Any], Struct | None] | None = None,
        *,
        client_id: UUID | str | None = None,
    ) -> None:
        """Send `then(result)` when the result is there; errors become error frames. The next frame is read meanwhile.

        `client_id` defaults to that of the frame being handled.
        """
        self.in_flight += 1
        asyncio.ensure_future(awaitable).add_done_callback(
            functools.partial(self._settle, then, client_id or self._client_id)
        )

    # Frames that every socket answers

    def on_got(self, frame: Got) -> None:
        """Let the window move on."""
        self.acknowledge(self.first_group, frame.seq)

    def on_resume(self, frame: Resume) -> None:
        """Send a page again."""
        self.read_again(self.first_group, frame.after)

    def on_ping(self, frame: Ping) -> None:  # noqa: ARG002 (says nothing but that it came)
        """Answer, so that both sides know that the line is alive."""
        self.send(Pong(self.known))

    # What the process calls

    @classmethod
    def as_asgi(cls) -> Application:
        """The ASGI application for the URL table."""
        allow_registered_codes()

        def application(scope: dict[str, Any], receive: Receive, send: Send) -> Coroutine[Any, Any, None]:
            return cls(scope, send).serve(receive)

        return markcoroutinefunction(application)

    @property
    def watched_by(self) -> Watcher | None:
        """The watcher of the socket's class."""
        return self.watcher

    def tick(self, now: float) -> None:
        """Look at the deadlines: hello, silence, and a window that stays full."""
        self._allowance = MAX_FRAMES
        if not self._said_hello and now - self._opened_at > HELLO_WITHIN:
            self.close(4401)
        elif now - self._heard_at > IDLE_FOR or self.is_stuck(now):
            self.close(4408)

    def restart(self, within: int) -> None:
        """Tell the client to come back within so many seconds."""
        self.send(Restart(within))

    # Inside

    async def serve(self, receive: Receive) -> None:
        """Talk until one side closes; the one task of the socket."""
        await receive()
        if not same_origin(origin_header(self.scope["headers"]) or b"", self.allowed_origins()):
            self._write({"type": "websocket.close", "code": 4403})
            return
        self._write({"type": "websocket.accept"})
        if lobby.draining:
            self.close(1012)
            return
        structlog.contextvars.bind_contextvars(socket=uuid.uuid4().hex[:12])
        lobby.enter(self)
        try:
            while not self._closed:
                event = await receive()
                if event["type"] == "websocket.disconnect":
                    break
                await self._received(event)
        finally:
            if not lobby.draining:
                self._closed = True
                self._leave_everything()

    async def _received(self, event: Event) -> None:
        self._heard_at = asyncio.get_running_loop().time()
        self._allowance -= 1
        metrics.FRAMES_IN.inc()
        text = event.get("text")
        if self._allowance < 0:
            self.close(4429)
        elif text is None:
            self.close(4400)
        elif is_too_long(text):
            self.close(1009)
        else:
            await self._handle(text)

    async def _handle(self, text: str) -> None:
        self._client_id = None
        try:
            frame = self._decode(text)
            await self._dispatch(frame)
        except CloseSocket as order:
            self.close(order.code)
        except BadFrameError as error:
            self._refuse_bad(error)
        except Exception as error:  # noqa: BLE001 (the edge: nothing that a frame does ends the process)
            self._tell(error, self._client_id)
            if not self._greeted:
                self.close(4403 if isinstance(error, DomainError) else 1012)

    async def _dispatch(self, frame: Struct) -> None:
        kind = type(frame)
        self._client_id = getattr(frame, "client_id", None)
        if self._greeted == (kind is self._hello):
            raise CloseSocket(4400 if self._greeted else 4401)
        self._said_hello = True
        if self._decode.types[kind] != "got" and self._unsent() > MOST_UNSENT:
            raise CloseSocket(4408)  # asks for more and reads none of it
        if self._client_id is not None and self.in_flight >= MAX_IN_FLIGHT:
            raise TooMany(
                "too_fast", _("Messages arrive faster than they can be saved. Please wait a moment."), retry_after=1
            )
        outcome = self._handlers[kind](self, frame)
        if outcome is not None:
            await outcome
        self._greeted = True

    def _refuse_bad(self, error: BadFrameError) -> None:
        metrics.FRAMES_BAD.inc()
        self._bad += 1
        self._tell(error, None)
        if self._bad >= MAX_BAD:
            self.close(4400)

    def _tell(self, error: BaseException, client_id: UUID | str | None) -> None:
        self.send(error_frame(error, language=self.language, client_id=client_id))

    def _settle(
        self,
        then: Callable[[Any], Struct | None] | None,
        client_id: UUID | str | None,
        future: asyncio.Future[Any],
    ) -> None:
        self.in_flight -= 1
        if future.cancelled():
            self._tell(TransientError("cancelled"), client_id)
        elif (error := future.exception()) is not None:
            self._tell(error, client_id)
        elif then is not None and (answer := then(future.result())) is not None:
            self.send(answer)

    def _write(self, event: Event) -> None:
        if self._closed:
            return
        try:
            self._outbox.put(event)
        except (OSError, Disconnected):  # ASGI says OSError; Daphne lets Autobahn's own error through
            self._closed = True
        else:
            metrics.FRAMES_OUT.inc()

    def _leave_everything(self) -> None:
        if not self._gone:
            lobby.leave(self)
            self.leave_everything()
            self.on_close()

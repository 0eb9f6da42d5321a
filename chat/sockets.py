"""The customer's socket: one browser tab that writes to one live chat and hears what happens in it."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any, ClassVar, Final

import msgspec

from accounts.groups import customer_session
from chat.commits import post_messages
from chat.drafts import draft_of, is_quick
from chat.frames import (
    Ack,
    AskForHuman,
    Choose,
    Emergency,
    EndChat,
    Feedback,
    Hello,
    MarkRead,
    Rate,
    SendMessage,
    Status,
    Typing,
    Welcome,
)
from chat.limits import message_limit
from chat.refusals import not_available
from chat.selectors import (
    FEATURES,
    LiveChat,
    Sender,
    frames_after,
    live_chat_of,
    numbers_ahead,
    sender_of,
    sessions_ended,
)
from chat.turns import Turns
from core.db import in_db
from core.frames import Ping, Resume
from core.hub import Frame, hub
from core.limits import LocalMeter
from core.sockets import CloseSocket, FrameSocket, Watcher
from tickets.actions.endings import end_chat
from tickets.actions.handover import ask_for_human
from tickets.actions.messages import post_customer_message
from tickets.actions.reading import mark_read_by_customer
from tickets.groups import customer_group, home_group, staff_group
from tickets.models import Ticket
from tickets.posted import Posted
from tickets.rendering import iso

VERSION: Final = 1
BAD_FRAME, NOT_AUTHENTICATED = 4400, 4401
TYPING_EVERY: Final = 1.0


class CustomerSocket(FrameSocket):
    """One browser tab of one customer. Who it is and the open key of the live chat are kept as long as it lives."""

    accepts: ClassVar[dict[str, type[msgspec.Struct]]] = {
        "hello": Hello,
        "message.send": SendMessage,
        "typing": Typing,
        "read": MarkRead,
        "human": AskForHuman,
        "end": EndChat,
        "choose": Choose,
        "emergency": Emergency,
        "rate": Rate,
        "feedback": Feedback,
    }
    watcher = Watcher(ahead=numbers_ahead, revoked=sessions_ended)

    sender: Sender
    chat: LiveChat | None = None
    turns: Turns
    meter: LocalMeter
    typed_at: float = 0.0
    is_typing: bool = False
    read_up_to: int = 0
    marking: bool = False

    async def on_hello(self, frame: Hello) -> None:
        """Find out who this is, listen, then read where they stand: what happens in between is not missed."""
        if frame.v != VERSION:
            raise CloseSocket(BAD_FRAME)
        sender = await in_db(sender_of, frame.token)
        if sender is None:
            raise CloseSocket(NOT_AUTHENTICATED)
        self.sender, self.language = sender, sender.language
        self.session = (str(sender.session_id), sender.epoch)
        self.meter = LocalMeter(message_limit(sender.limits["messages_per_minute"]), str(sender.session_id))
        self.turns = Turns(post_messages().submit)
        await self.join(customer_session(sender.session_id), home_group(sender.customer.pk))
        chat = await in_db(live_chat_of, sender.customer)
        if self.chat is None:  # else it began just now, and `_follow` was first
            await self._enter(chat, frame.after)

    def on_message_send(self, frame: SendMessage) -> None:
        """Queue the message; the ack follows its commit, and the next frame is read meanwhile."""
        self.meter.hit()
        draft = None
        if self.chat is not None and self.turns.may_fly and is_quick(frame.body, frame.attachments):
            draft = draft_of(self.sender, self.chat, frame.client_id, frame.body)
        self.later(self.turns.post(draft, partial(self._post, frame)), then=self._ack)

    def on_human(self, frame: AskForHuman) -> None:
        """Hand over, in its turn among the messages."""
        self.meter.hit()
        ask = partial(in_db, ask_for_human, client_id=frame.client_id, language=self.language, **self._who)
        self.later(self.turns.post(None, ask), then=self._ack)

    def on_end(self, _frame: EndChat) -> None:
        """End the chat, after the messages that were sent before."""
        self.meter.hit()
        self.later(self.turns.post(None, partial(in_db, end_chat, **self._who)), then=_status_of)

    def on_typing(self, frame: Typing) -> None:
        """Tell the agents who watch, at most once a second; not stored."""
        now = asyncio.get_running_loop().time()
        too_soon = now - self.typed_at < TYPING_EVERY
        if self.chat is None or (too_soon if frame.on else not self.is_typing):
            return
        self.is_typing = frame.on
        self.typed_at = now if frame.on else self.typed_at
        told = {"type": "typing", "ticket": self.chat.ticket, "author": {"kind": "customer"}, "on": frame.on}
        hub().publish([Frame(staff_group(self.chat.ticket), 0, "typing", msgspec.json.encode(told))])

    def on_read(self, frame: MarkRead) -> None:
        """Note how far the customer has read; while one note is being written, only the newest of the others counts."""
        seen = min(frame.seq, self.sent)
        if self.chat is not None and seen > self.read_up_to:
            self.read_up_to = seen
            if not self.marking:
                self.marking = True
                self.later(self._mark_read())

    def on_resume(self, frame: Resume) -> None:
        """Send a page again; without a chat there is nothing to send."""
        if self.chat is not None:
            super().on_resume(frame)

    def on_ping(self, frame: Ping) -> None:
        """Say how far we are. While Redis is away, a chat that began in another process is found here."""
        super().on_ping(frame)
        if hub().degraded:
            self.later(self._follow())

    def on_choose(self, _frame: Choose) -> None:
        """Quick replies come with the assistant."""
        raise not_available()

    def on_emergency(self, _frame: Emergency) -> None:
        """Emergencies come with their own domain."""
        raise not_available()

    def on_rate(self, _frame: Rate) -> None:
        """Ratings come with satisfaction."""
        raise not_available()

    def on_feedback(self, _frame: Feedback) -> None:
        """Feedback on answers comes with the assistant."""
        raise not_available()

    def deliver(self, frame: Frame) -> None:
        """A chat that began in any tab of this customer becomes this tab's chat; the rest goes to the browser."""
        if frame.kind == "opened":
            self.later(self._follow())
        else:
            super().deliver(frame)

    async def read_after(self, after: int, limit: int) -> list[Frame]:
        """Numbered frames of the live chat from the database."""
        return await in_db(frames_after, self.chat.ticket_id, after, limit) if self.chat else []

    @property
    def _who(self) -> dict[str, Any]:
        return {"customer": self.sender.customer, "session_assurance": self.sender.assurance}

    async def _enter(self, chat: LiveChat | None, after: int) -> None:
        """Welcome the client to this chat, or to none, and go live from a number; one of another chat counts as 0."""
        self.chat = chat
        self.send(
            Welcome(
                v=VERSION,
                features=FEATURES,
                ticket=chat.as_frame() if chat else None,
                public_seq=chat.public_seq if chat else 0,
                agent=chat.agent if chat else None,
                queue=chat.queue if chat else None,
                limits=self.sender.limits,
                degraded=hub().degraded,
            )
        )
        if chat is not None:
            await self.go_live(customer_group(chat.ticket), after if after <= chat.public_seq else 0)

    async def _follow(self) -> None:
        """Move to the customer's live chat if it is another than this socket's."""
        chat = await in_db(live_chat_of, self.sender.customer)
        before = self.chat
        if chat is None or (before is not None and before.ticket == chat.ticket):
            return
        if before is not None:
            self.stop(customer_group(before.ticket))
        self.read_up_to = 0
        await self._enter(chat, 0)

    async def _post(self, frame: SendMessage) -> Posted:
        posted = await in_db(
            post_customer_message,
            client_id=frame.client_id,
            body=frame.body,
            attachments=frame.attachments,
            language=self.language,
            **self._who,
        )
        if self.chat is None or self.chat.ticket != posted.ticket:
            await self._follow()
        return posted

    async def _mark_read(self) -> None:
        try:
            marked = 0
            while marked < self.read_up_to:
                marked = self.read_up_to
                await in_db(mark_read_by_customer, customer=self.sender.customer, public_seq=marked)
        finally:
            self.marking = False

    def _ack(self, posted: Posted) -> Ack:
        return Ack(posted.client_id, posted.seq, posted.ticket, iso(posted.created_at), list(posted.scrubbed))


def _status_of(ticket: Ticket | None) -> Status:
    return Status(ticket.public_id, ticket.status) if ticket else Status(None, "closed")

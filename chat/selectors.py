"""What the customers' edge reads: who is there, the live chat, its frames, and which key uploads are sealed under."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from accounts.models import Customer, CustomerSession, DataKey, Site
from accounts.selectors import earlier_selves_of, ended_customer_sessions, limits_of, policy_value, session_of
from core.errors import Refused
from core.publishing import Frame
from tickets.groups import customer_group
from tickets.models import Attachment, Ticket
from tickets.rendering import public_bytes, public_frame
from tickets.sealing import TicketSeal
from tickets.selectors import live_ticket_of, public_history_of, public_numbers_ahead, public_thread_of, queue_place
from tickets.uploads import ENDINGS

FEATURES: Final = ["human", "attachments", "typing", "read", "end"]
PAGE: Final = 200


@dataclass(frozen=True, slots=True)
class Sender:
    """The person behind a socket, read once when they say hello; the watcher sees to it that the session is still live."""

    session_id: int
    epoch: int
    customer: Customer
    assurance: str
    language: str
    limits: dict[str, Any]
    earlier_selves: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class LiveChat:
    """The chat that a further message goes into, as its customer sees it. `seal` holds the open key: memory only."""

    ticket_id: int
    ticket: UUID
    status: str
    public_seq: int
    agent: dict[str, Any] | None
    queue: dict[str, Any] | None
    seal: TicketSeal = field(repr=False)

    def as_frame(self) -> dict[str, Any]:
        """The `ticket` of a welcome and of a session."""
        return {"id": self.ticket, "status": self.status, "public_seq": self.public_seq}


def sender_of(token: str) -> Sender | None:
    """Who holds this token, None if it opens nothing. Cost: 3 queries."""
    session = session_of(token)
    return None if session is None else _sender(session)


def live_chat_of(customer: Customer) -> LiveChat | None:
    """The customer's live chat with its place in the queue. Cost: 1 query, 2 while it waits."""
    ticket = live_ticket_of(customer)
    if ticket is None:
        return None
    place = queue_place(ticket)
    return LiveChat(
        ticket_id=ticket.pk,
        ticket=ticket.public_id,
        status=ticket.status,
        public_seq=ticket.last_public_seq,
        agent={"name": ticket.assignee.user.display_name} if ticket.assignee else None,
        queue=place.as_frame() if place else None,
        seal=TicketSeal.of(ticket),
    )


def frames_after(ticket_id: int, after: int, limit: int) -> list[Frame]:
    """Numbered frames of a thread past a number, in the very bytes that live sockets get. Cost: 3 to 4 queries."""
    ticket = Ticket.objects.select_related("data_key").get(pk=ticket_id)
    group = customer_group(ticket.public_id)
    entries = public_thread_of(ticket, after=after, limit=limit)
    return [Frame(group, entry.public_seq or 0, "entry", public_bytes(entry)) for entry in entries]


def news_of(customer: Customer, after: int) -> dict[str, Any]:
    """What polling clients get: messages past a number, where the ticket stands, whether there is more."""
    chat, ticket = live_chat_of(customer), live_ticket_of(customer)
    if chat is None or ticket is None:
        return {"messages": [], "status": None, "public_seq": 0, "more": False}
    start = after if after <= chat.public_seq else 0
    entries = public_thread_of(ticket, after=start, limit=PAGE + 1)
    status = {"ticket": chat.ticket, "status": chat.status, "agent": chat.agent, "queue": chat.queue}
    return {
        "messages": [public_frame(entry) for entry in entries[:PAGE]],
        "status": {name: value for name, value in status.items() if value is not None},
        "public_seq": chat.public_seq,
        "more": len(entries) > PAGE,
    }


def history_of(customer: Customer, before: int, limit: int) -> dict[str, Any]:
    """One page of the live chat before a number, oldest first."""
    ticket = live_ticket_of(customer)
    if ticket is None:
        return {"messages": [], "has_more": False}
    entries = public_history_of(ticket, before=before, limit=limit + 1)
    return {"messages": [public_frame(entry) for entry in entries[-limit:]], "has_more": len(entries) > limit}


def settings_of(site: Site) -> dict[str, Any]:
    """What a widget needs to know of its site: texts that staff wrote, limits, and what works."""
    return {"texts": policy_value(site, "texts", {}), "limits": limits_shown(site), "features": FEATURES}


def limits_shown(site: Site) -> dict[str, Any]:
    """Limits as clients may want to show them before they are reached."""
    limits = limits_of(site)
    return {
        "body": limits["message_characters"],
        "messages_per_minute": limits["messages_per_minute"],
        "files": limits["attachments_per_message"],
        "file_types": sorted({"image/gif", *ENDINGS}),
    }


def upload_key_of(customer: Customer) -> DataKey:
    """The key that the customer's next file is sealed under: the live chat's, else the one a new chat would get.

    Raises: Refused ``erased`` for a customer whose keys were destroyed.
    """
    ticket = live_ticket_of(customer)
    key = ticket.data_key if ticket else DataKey.objects.filter(customer=customer).order_by("pk").first()
    if key is None:
        raise Refused("erased", _("The data of this customer was erased. Please start again."))
    return key


def file_of_session(session_id: int, public_id: UUID) -> Attachment:
    """A file that the customer of a live session may open. Raises: NotFound."""
    session = CustomerSession.objects.live().filter(pk=session_id).select_related("customer").first()
    files = Attachment.objects.of_customer(session.customer) if session else Attachment.objects.none()
    return files.find(public_id)


def numbers_ahead(watched: Sequence[tuple[str, int]]) -> list[tuple[str, int]]:
    """For the watcher: groups whose tickets have gone past what was sent. Cost: 1 query."""
    return list(public_numbers_ahead(watched).items())


def sessions_ended(watched: Sequence[tuple[str, int]]) -> list[tuple[str, int]]:
    """For the watcher: which of these sessions no longer count. Cost: 1 query."""
    ended = ended_customer_sessions(watched)
    return [pair for pair in watched if pair[0] in ended]


def _sender(session: CustomerSession) -> Sender:
    return Sender(
        session_id=session.pk,
        epoch=session.epoch,
        customer=session.customer,
        assurance=session.assurance,
        language=session.language or session.customer.language or session.site.default_language,
        limits=limits_shown(session.site),
        earlier_selves=earlier_selves_of(session.customer),
    )

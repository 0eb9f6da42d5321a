"""What an anonymous customer wrote joins the customer they turn out to be."""

from django.db import transaction
from django.db.models import Q

from accounts.models import Customer, DataKey
from core.publishing import publish_on_commit
from tickets.actions.moves import move_to_closed
from tickets.actions.thread import SYSTEM, save_moved
from tickets.choices import Channel, CloseReason, TicketStatus
from tickets.events import CapacityFreed
from tickets.models import Ticket
from tickets.rendering import hub_frames, opened_frame, queue_frame, unassigned_frame
from tickets.rules import joined_chat_stays


@transaction.atomic
def join_history(*, anonymous: Customer, verified: Customer) -> None:
    """Move the tickets of a browser session to the customer that an issuer vouched for in the same session.

    The keys move along, so everything stays readable. If both have a live chat, the one that is further with people stays
    (`rules.joined_chat_stays`) and the other is closed with the reason `joined`; agents see both. Nothing is ever joined on
    e-mail, name or device. Repeat: harmless. Locks: both customers in order of id, then the tickets in order of id.
    """
    pks = sorted((anonymous.pk, verified.pk))
    list(Customer.objects.locked().filter(pk__in=pks).order_by("pk"))
    own_live = Q(customer=verified, channel=Channel.CHAT) & ~Q(status=TicketStatus.CLOSED)
    found = Ticket.objects.filter(Q(customer=anonymous) | own_live).locked().select_related("data_key").order_by("pk")
    tickets = list(found)
    _leave_one_live([ticket for ticket in tickets if _is_live_chat(ticket)], verified)
    for ticket in tickets:
        if ticket.customer_id == anonymous.pk:
            ticket.customer = verified
            ticket.save(update_fields=["customer"])
            if _is_live_chat(ticket):
                publish_on_commit([opened_frame(verified.pk, ticket.public_id)])
    DataKey.objects.filter(customer=anonymous).update(customer=verified)


def _is_live_chat(ticket: Ticket) -> bool:
    return ticket.channel == Channel.CHAT and ticket.status != TicketStatus.CLOSED


def _leave_one_live(chats: list[Ticket], verified: Customer) -> None:
    """Each of the two has one live chat at most: a constraint of the table."""
    if len(chats) < 2:
        return
    own, joining = sorted(chats, key=lambda chat: chat.customer_id != verified.pk)
    _close_joined(joining if joined_chat_stays(own.status, joining.status) else own)


def _close_joined(ticket: Ticket) -> None:
    before = ticket.assignee_id
    latest = move_to_closed(ticket, author=SYSTEM, reason=CloseReason.JOINED)
    save_moved(ticket, latest)
    frames = [*hub_frames(latest.entry()), queue_frame(ticket.team_id)]
    if before is not None:
        frames.append(unassigned_frame(before, ticket.public_id))
    publish_on_commit(frames, [CapacityFreed(ticket.team_id)])

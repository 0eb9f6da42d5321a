"""What an anonymous customer wrote joins the customer they turn out to be."""

from django.db import transaction

from accounts.models import Customer, DataKey
from core.publishing import publish_on_commit
from tickets.actions.moves import move_to_closed
from tickets.actions.thread import SYSTEM, save_moved
from tickets.choices import Channel, CloseReason, TicketStatus
from tickets.events import CapacityFreed
from tickets.models import Ticket
from tickets.rendering import hub_frames, queue_frame, unassigned_frame


@transaction.atomic
def join_history(*, anonymous: Customer, verified: Customer) -> None:
    """Move the tickets of a browser session to the customer that an issuer vouched for in the same session.

    The keys move along, so everything stays readable. If both have a live chat, the older customer's chat stays and the
    anonymous one is closed with the reason `joined`; agents see both. Nothing is ever joined on e-mail, name or device.
    Repeat: harmless. Locks: both customers in order of id, then the tickets.
    """
    pks = sorted((anonymous.pk, verified.pk))
    list(Customer.objects.locked().filter(pk__in=pks).order_by("pk"))
    has_live = Ticket.objects.of_customer(verified).live().exists()
    for ticket in Ticket.objects.of_customer(anonymous).locked().select_related("data_key").order_by("pk"):
        if has_live and ticket.channel == Channel.CHAT and ticket.status != TicketStatus.CLOSED:
            _close_joined(ticket)
        ticket.customer = verified
        ticket.save(update_fields=["customer"])
    DataKey.objects.filter(customer=anonymous).update(customer=verified)


def _close_joined(ticket: Ticket) -> None:
    before = ticket.assignee_id
    latest = move_to_closed(ticket, author=SYSTEM, reason=CloseReason.JOINED)
    save_moved(ticket, latest)
    frames = [*hub_frames(latest.entry()), queue_frame(ticket.team_id)]
    if before is not None:
        frames.append(unassigned_frame(before, ticket.public_id))
    publish_on_commit(frames, [CapacityFreed(ticket.team_id)])

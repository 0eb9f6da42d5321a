"""How a customer ends their chat."""

from django.db import transaction

from accounts.models import Customer
from core.publishing import publish_on_commit
from tickets.actions.moves import move_to_solved
from tickets.actions.opening import lock_customer
from tickets.actions.thread import Author, save_moved
from tickets.choices import TicketStatus
from tickets.events import CapacityFreed
from tickets.models import Ticket
from tickets.rendering import hub_frames, queue_frame


@transaction.atomic
def end_chat(*, customer: Customer, session_assurance: str) -> Ticket | None:
    """Mark the customer's live chat as solved because they ended it. They may still write: that reopens it.

    Repeat: a solved chat, or none, is returned unchanged. Records: capacity_freed. Locks: the customer, then the ticket.
    """
    customer = lock_customer(customer)
    ticket = Ticket.objects.of_customer(customer).live().locked().select_related("data_key").first()
    if ticket is None or ticket.status == TicketStatus.SOLVED:
        return ticket
    latest = move_to_solved(ticket, author=Author.customer(customer, session_assurance))
    save_moved(ticket, latest)
    publish_on_commit([*hub_frames(latest.entry()), queue_frame(ticket.team_id)], [CapacityFreed(ticket.team_id)])
    return ticket

"""The moment a ticket passes to people."""

from uuid import UUID

from django.db import transaction

from accounts.models import Customer
from core.publishing import publish_on_commit
from tickets.actions.moves import move_to_queue
from tickets.actions.opening import live_ticket_for_writing, lock_customer
from tickets.actions.thread import Activity, Author, append_activity, repeat_of, save_moved
from tickets.choices import TicketStatus
from tickets.events import TicketHandedOver
from tickets.posted import Posted
from tickets.rendering import hub_frames, queue_frame
from tickets.rules import next_after_asking_for_human

HANDED_OVER, ASKED_AGAIN = "handed_over", "asked_again"


@transaction.atomic
def ask_for_human(*, customer: Customer, session_assurance: str, client_id: UUID, language: str) -> Posted:
    """Hand the customer's chat over to people at once, in one transaction; opens a chat if there is none.

    The state, the line in the thread and the place in the queue commit together, so a ticket is never between chairs.
    A ticket that waits already or has an agent keeps its place; the wish is recorded for the agent.
    Repeat: the same id returns the first answer. Records: ticket_handed_over. Locks: the customer, then the ticket.
    """
    author = Author.customer(customer, session_assurance)
    customer = lock_customer(customer)
    if earlier := repeat_of(author, client_id, HANDED_OVER, ASKED_AGAIN):
        return earlier
    ticket = live_ticket_for_writing(customer, language=language)
    if next_after_asking_for_human(ticket.status) == TicketStatus.QUEUED != ticket.status:
        ticket.solved_at = None
        latest = move_to_queue(ticket, HANDED_OVER, author=author, client_id=client_id, reason="asked")
    else:
        latest = append_activity(ticket, Activity(ASKED_AGAIN, is_public=True), author, client_id)
    save_moved(ticket, latest)
    events = [TicketHandedOver(ticket.team_id)] if ticket.status == TicketStatus.QUEUED else []
    publish_on_commit([*hub_frames(latest.entry()), queue_frame(ticket.team_id)], events)
    return latest.posted()

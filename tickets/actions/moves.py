"""Steps of a ticket from one state to another. Each appends the activity row that says so and sets the clocks from it.

All of them: the ticket is locked by the caller's transaction, and the caller ends with `thread.save_moved`.
"""

from typing import Any
from uuid import UUID

from accounts.models import Agent
from tickets.actions.thread import SYSTEM, Activity, Appended, Author, append_activity
from tickets.choices import CloseReason, TicketStatus
from tickets.models import Ticket
from tickets.rules import check_may_become


def move_to_queue(
    ticket: Ticket, name: str, *, author: Author = SYSTEM, client_id: UUID | None = None, reason: str = ""
) -> Appended:
    """Put a ticket into its team's queue; a ticket that comes back keeps its old place only by `waiting_since`.

    Raises: Refused `ticket_state`.
    """
    check_may_become(ticket.status, TicketStatus.QUEUED)
    ticket.status, ticket.assignee, ticket.offered_until, ticket.accepted_at = TicketStatus.QUEUED, None, None, None
    data = {"reason": reason} if reason else {}
    latest = append_activity(ticket, Activity(name, is_public=True, data=data), author, client_id)
    ticket.queued_at = latest.row.created_at
    ticket.waiting_since = ticket.waiting_since or latest.row.created_at
    return latest


def move_to_agent(
    ticket: Ticket, agent: Agent, *, author: Author = SYSTEM, why: dict[str, Any] | None = None
) -> Appended:
    """Give a ticket to exactly one agent. `why` explains an automatic choice in ids and figures.

    Raises: Refused `ticket_state`.
    """
    if ticket.status != TicketStatus.ASSIGNED:
        check_may_become(ticket.status, TicketStatus.ASSIGNED)
    ticket.status, ticket.assignee, ticket.queued_at, ticket.offered_until = TicketStatus.ASSIGNED, agent, None, None
    data = {"agent": agent.pk, "agent_name": agent.user.display_name, **({"why": why} if why else {})}
    latest = append_activity(ticket, Activity("assigned", is_public=True, data=data), author)
    ticket.assigned_at = ticket.accepted_at = latest.row.created_at
    return latest


def move_to_waiting(ticket: Ticket, *, author: Author) -> Appended:
    """Say that the next word is the customer's. Raises: Refused `ticket_state`."""
    check_may_become(ticket.status, TicketStatus.WAITING)
    ticket.status, ticket.waiting_since = TicketStatus.WAITING, None
    return append_activity(ticket, Activity("waiting", is_public=False), author)


def move_to_solved(ticket: Ticket, *, author: Author) -> Appended:
    """Mark a ticket as solved; its agent's place is free again. Raises: Refused `ticket_state`."""
    check_may_become(ticket.status, TicketStatus.SOLVED)
    ticket.status = TicketStatus.SOLVED
    latest = append_activity(ticket, Activity("solved", is_public=True), author)
    _leave(ticket)
    ticket.solved_at = latest.row.created_at
    return latest


def move_to_closed(ticket: Ticket, *, author: Author, reason: CloseReason) -> Appended:
    """Close a ticket for good; a later message of the customer begins a new one. Raises: Refused `ticket_state`."""
    check_may_become(ticket.status, TicketStatus.CLOSED)
    ticket.status, ticket.close_reason = TicketStatus.CLOSED, reason
    latest = append_activity(ticket, Activity("closed", is_public=True, data={"reason": reason.value}), author)
    _leave(ticket)
    ticket.closed_at = latest.row.created_at
    return latest


def _leave(ticket: Ticket) -> None:
    ticket.queued_at = ticket.offered_until = ticket.waiting_since = None

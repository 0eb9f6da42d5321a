"""How far each side has read."""

from uuid import UUID

from django.db import connection

from accounts.models import Customer, User
from core.publishing import publish_on_commit
from tickets.models import Ticket
from tickets.rendering import read_frames

# The mark only ever moves forward and never past what exists; a repeat changes nothing.
MARK = """
insert into tickets_ticketread as r (ticket_id, agent_id, public_seq, read_at)
select id, %s, least(%s, last_public_seq), statement_timestamp() from tickets_ticket where id = %s
on conflict (ticket_id, agent_id) do update set public_seq = excluded.public_seq, read_at = excluded.read_at
where r.public_seq < excluded.public_seq
returning public_seq
"""


def mark_read_by_customer(*, customer: Customer, public_seq: int) -> None:
    """Note how far the customer has read their live chat; agents see it. Cost: 2 queries."""
    ticket = Ticket.objects.of_customer(customer).live().only("pk", "public_id").first()
    if ticket is not None:
        _mark(ticket, None, public_seq)


def mark_read_by_agent(*, user: User, ticket: UUID, public_seq: int) -> None:
    """Note how far an agent has read a ticket; the customer sees that it was read, not by whom.

    Raises: NotFound for a ticket they may not see. Cost: 2 queries and the policy.
    """
    _mark(Ticket.objects.visible_to(user).find(ticket), user.pk, public_seq)


def _mark(ticket: Ticket, agent_id: int | None, public_seq: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(MARK, [agent_id, public_seq, ticket.pk])
        moved = cursor.fetchone()
    if moved:
        publish_on_commit(read_frames(ticket.public_id, moved[0], by_customer=agent_id is None))

"""Words that queries over tickets and threads are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Agent, Customer, User
from accounts.policy import scope_of
from core.errors import NotFound
from tickets.choices import OPEN_STATUSES, AuthorKind, Channel, MessageKind, TicketStatus

if TYPE_CHECKING:
    from tickets.models import Message, Ticket  # noqa: F401 - ruff does not look into the subscripts below

HELD_STATUSES = (TicketStatus.ASSIGNED, TicketStatus.WAITING)


class TicketQuerySet(models.QuerySet["Ticket"]):
    """Tickets by who may see them and where they stand."""

    def visible_to(self, user: User) -> TicketQuerySet:
        """What a member of staff may read: the one rule for lists, single tickets, sockets and counts."""
        return self.filter(scope_of(user, "ticket.read").as_query())

    def of_customer(self, customer: Customer) -> TicketQuerySet:
        """Tickets of one customer."""
        return self.filter(customer=customer)

    def live(self) -> TicketQuerySet:
        """Chats that a further message of the customer would go into."""
        return self.filter(channel=Channel.CHAT).exclude(status=TicketStatus.CLOSED)

    def open(self) -> TicketQuerySet:
        """Neither solved nor closed."""
        return self.filter(status__in=OPEN_STATUSES)

    def held_by(self, agent: Agent) -> TicketQuerySet:
        """Tickets that take up a place of an agent's capacity."""
        return self.filter(assignee=agent, status__in=HELD_STATUSES)

    def queued(self) -> TicketQuerySet:
        """Waiting for an agent, first come first served within a priority."""
        return self.filter(status=TicketStatus.QUEUED).order_by("priority", "queued_at", "pk")

    def locked(self) -> TicketQuerySet:
        """With row locks that do not block inserts that refer to the row."""
        return self.select_for_update(of=("self",), no_key=True)

    def locked_if_free(self) -> TicketQuerySet:
        """As `locked`, but rows that someone else holds are left out."""
        return self.select_for_update(of=("self",), no_key=True, skip_locked=True)

    def find(self, public_id: UUID) -> Ticket:
        """The ticket of a public id. Raises: NotFound, also for a stranger's."""
        ticket = self.select_related("data_key").filter(public_id=public_id).first()
        if ticket is None:
            raise NotFound("ticket_not_found", _("There is no such ticket."))
        return ticket


class MessageQuerySet(models.QuerySet["Message"]):
    """Entries of threads."""

    def public(self) -> MessageQuerySet:
        """What the customer may see."""
        return self.exclude(public_seq=None)

    def after(self, seq: int) -> MessageQuerySet:
        """Entries past a number, in order."""
        return self.filter(seq__gt=seq).order_by("seq")

    def public_after(self, public_seq: int) -> MessageQuerySet:
        """Public entries past a public number, in order."""
        return self.filter(public_seq__gt=public_seq).order_by("public_seq")

    def public_before(self, public_seq: int) -> MessageQuerySet:
        """Public entries before a public number, newest first."""
        return self.filter(public_seq__lt=public_seq).order_by("-public_seq")

    def sent_once(self, author_kind: str, author_id: int, client_id: UUID) -> MessageQuerySet:
        """The one entry an author sent under a client id, for a customer also before their histories were joined."""
        found = self.filter(author_kind=author_kind, client_id=client_id)
        if author_kind != AuthorKind.CUSTOMER:
            return found.filter(author_id=author_id)
        selves = Customer.objects.filter(models.Q(pk=author_id) | models.Q(joined_into=author_id))
        return found.filter(author_id__in=selves.values("pk"))

    def from_customer(self) -> MessageQuerySet:
        """What customers wrote."""
        return self.filter(kind=MessageKind.CUSTOMER)

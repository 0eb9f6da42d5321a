"""The queue and one ticket as agents see them, and a customer's place in line."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from accounts.choices import Assurance
from accounts.models import User
from tickets.choices import OPEN_STATUSES, TicketStatus
from tickets.models import Message, Ticket, TicketRead
from tickets.querysets import HELD_STATUSES, TicketQuerySet
from tickets.sealing import TicketSeal

QUEUE_LENGTH = 200
VIEWS = ("mine", "unassigned", "all")


@dataclass(frozen=True, slots=True)
class TicketRow:
    """One line of the queue. `preview` is open text."""

    public_id: UUID
    number: int
    customer_name: str
    assurance: str
    language: str
    channel: str
    status: str
    priority: int
    subject: str = field(repr=False)
    preview: str = field(repr=False)
    waiting_since: datetime | None
    queued_at: datetime | None
    updated_at: datetime
    assignee_id: int | None
    assignee_name: str
    last_seq: int
    last_public_seq: int
    is_unread: bool


@dataclass(frozen=True, slots=True)
class TicketDetail:
    """One ticket with what stands beside its thread."""

    row: TicketRow
    ticket: Ticket
    customer_public_id: UUID
    is_verified: bool
    tier: str
    time_zone: str
    earlier: tuple[TicketRow, ...]


@dataclass(frozen=True, slots=True)
class QueuePlace:
    """A place in line, first is 1, and the range of the wait in seconds where it can be told honestly."""

    position: int
    wait_seconds_low: int | None = None
    wait_seconds_high: int | None = None

    def as_frame(self) -> dict[str, Any]:
        """As the protocol writes it; a range that is not known is left out."""
        frame: dict[str, Any] = {"position": self.position}
        if self.wait_seconds_low is not None and self.wait_seconds_high is not None:
            frame |= {"wait_seconds_low": self.wait_seconds_low, "wait_seconds_high": self.wait_seconds_high}
        return frame


def queue_for(user: User, view: str = "mine") -> list[TicketRow]:
    """The open tickets of one view, longest waiting first within a priority; at most 200. Cost: 1 query and the policy."""
    tickets = _view(Ticket.objects.visible_to(user).open(), user, view)
    ordered = tickets.order_by("priority", Coalesce("waiting_since", "updated_at"), "pk")
    return _rows(ordered[:QUEUE_LENGTH], user)


def queue_counts(user: User) -> dict[str, int]:
    """How many open tickets each view has for this person. Cost: 1 query and the policy."""
    counts = (
        Ticket.objects.visible_to(user)
        .open()
        .aggregate(
            mine=Count("pk", filter=Q(assignee=user.pk)),
            unassigned=Count("pk", filter=Q(assignee=None)),
            all=Count("pk"),
        )
    )
    return {view: counts[view] for view in VIEWS}


def ticket_for(user: User, public_id: UUID) -> TicketDetail:
    """One ticket a person may see. Raises: NotFound. Cost: 3 queries and the policy."""
    ticket = (
        Ticket.objects.visible_to(user).select_related("customer", "team", "site", "assignee__user").find(public_id)
    )
    (row,) = _rows(Ticket.objects.filter(pk=ticket.pk), user)
    others = Ticket.objects.visible_to(user).of_customer(ticket.customer).exclude(pk=ticket.pk).order_by("-pk")
    customer = ticket.customer
    return TicketDetail(
        row=row,
        ticket=ticket,
        customer_public_id=customer.public_id,
        is_verified=customer.is_verified,
        tier=customer.tier,
        time_zone=customer.time_zone,
        earlier=tuple(_rows(others[:5], user)),
    )


def queue_place(ticket: Ticket) -> QueuePlace | None:
    """Where a queued ticket stands in its team's line; None if it does not wait. Cost: 1 query."""
    if ticket.status != TicketStatus.QUEUED:
        return None
    ahead = Q(priority__lt=ticket.priority) | Q(priority=ticket.priority, queued_at__lt=ticket.queued_at)
    queued = Ticket.objects.queued().filter(team=ticket.team_id)
    return QueuePlace(position=queued.filter(ahead).exclude(pk=ticket.pk).count() + 1)


def held_tickets_of(user: User) -> list[tuple[UUID, int]]:
    """The tickets an agent holds, with the newest number of each thread. Cost: 1 query."""
    held = Ticket.objects.filter(assignee=user.pk, status__in=HELD_STATUSES)
    return list(held.order_by("pk").values_list("public_id", "last_seq"))


def _view(tickets: TicketQuerySet, user: User, view: str) -> TicketQuerySet:
    if view == "mine":
        return tickets.filter(assignee=user.pk)
    if view == "unassigned":
        return tickets.filter(assignee=None, status__in=OPEN_STATUSES)
    return tickets


def _rows(tickets: Iterable[Ticket], user: User) -> list[TicketRow]:
    if isinstance(tickets, TicketQuerySet):
        read = TicketRead.objects.filter(ticket=OuterRef("pk"), agent=user.pk).values("public_seq")
        said = Message.objects.filter(ticket=OuterRef("pk")).from_customer().order_by("-seq").values("assurance")
        tickets = tickets.select_related("customer", "data_key", "assignee__user").annotate(
            read_seq=Coalesce(Subquery(read[:1]), 0),
            said_with=Subquery(said[:1]),
        )
    return [_row(ticket) for ticket in tickets]


def _row(ticket: Any) -> TicketRow:
    seal = TicketSeal.of(ticket)
    return TicketRow(
        public_id=ticket.public_id,
        number=ticket.number,
        customer_name=ticket.customer.name,
        assurance=ticket.said_with or Assurance.ANONYMOUS,
        language=ticket.language,
        channel=ticket.channel,
        status=ticket.status,
        priority=ticket.priority,
        subject=seal.open_preview(ticket.subject),
        preview=seal.open_preview(ticket.preview),
        waiting_since=ticket.waiting_since,
        queued_at=ticket.queued_at,
        updated_at=ticket.updated_at,
        assignee_id=ticket.assignee_id,
        assignee_name=ticket.assignee.user.display_name if ticket.assignee else "",
        last_seq=ticket.last_seq,
        last_public_seq=ticket.last_public_seq,
        is_unread=ticket.last_public_seq > ticket.read_seq,
    )

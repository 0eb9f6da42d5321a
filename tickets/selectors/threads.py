"""Threads as they are read: live catch-up, history, and whether there is anything to catch up with."""

from collections.abc import Callable, Iterable, Sequence
from uuid import UUID

from accounts.models import Customer, User
from tickets.choices import AuthorKind
from tickets.entries import Entry, FileCard
from tickets.file_sealing import card_of
from tickets.groups import customer_group, staff_group
from tickets.models import Attachment, Message, Ticket
from tickets.sealing import TicketSeal


def live_ticket_of(customer: Customer) -> Ticket | None:
    """The chat that a further message would go into, with its key joined. Cost: 1 query."""
    return Ticket.objects.of_customer(customer).live().select_related("data_key", "assignee__user").first()


def thread_of(ticket: Ticket, *, after: int = 0, limit: int = 200) -> list[Entry]:
    """Every entry past a number, for agents. Cost: 2 queries, 3 with staff authors."""
    return entries_of(ticket, after=after, limit=limit)


def entries_of(ticket: Ticket, *, after: int, limit: int) -> list[Entry]:
    """As `thread_of`."""
    return _opened(ticket, ticket.messages.after(after)[:limit])


def public_thread_of(ticket: Ticket, *, after: int, limit: int = 200) -> list[Entry]:
    """What the customer may see past a public number, dense and in order. Cost: as `thread_of`."""
    return _opened(ticket, ticket.messages.public_after(after)[:limit])


def public_history_of(ticket: Ticket, *, before: int, limit: int = 50) -> list[Entry]:
    """What the customer may see before a public number, oldest first. Cost: as `thread_of`."""
    return _opened(ticket, reversed(ticket.messages.public_before(before)[:limit]))


def public_numbers_ahead(watched: Sequence[tuple[str, int]]) -> dict[str, int]:
    """Of (customer group, last number sent): the groups whose tickets have gone past it, with the newest number.

    Cost: 1 indexed query, whatever is watched.
    """
    return _ahead(watched, customer_group, "last_public_seq")


def staff_numbers_ahead(watched: Sequence[tuple[str, int]]) -> dict[str, int]:
    """As `public_numbers_ahead`, for agents' groups and all entries."""
    return _ahead(watched, staff_group, "last_seq")


def _ahead(watched: Sequence[tuple[str, int]], group_of: Callable[[UUID], str], column: str) -> dict[str, int]:
    sent = dict(watched)
    tickets = [UUID(group.partition(":")[2]) for group in sent]
    rows = Ticket.objects.filter(public_id__in=tickets).values_list("public_id", column)
    newest = {group_of(ticket): number for ticket, number in rows}
    return {group: number for group, number in newest.items() if number > sent[group]}


def _opened(ticket: Ticket, rows: Iterable[Message]) -> list[Entry]:
    rows = list(rows)
    seal = TicketSeal.of(ticket)
    names = _names_of(ticket, rows)
    files = _files_of(rows, seal)
    return [_entry(row, ticket, seal, names, files) for row in rows]


def _entry(
    row: Message,
    ticket: Ticket,
    seal: TicketSeal,
    names: dict[tuple[str, int], str],
    files: dict[int, tuple[FileCard, ...]],
) -> Entry:
    return Entry(
        ticket=ticket.public_id,
        seq=row.seq,
        public_seq=row.public_seq,
        kind=row.kind,
        author_kind=row.author_kind,
        author_id=row.author_id,
        author_name=names.get((row.author_kind, row.author_id), ""),
        client_id=row.client_id,
        created_at=row.created_at,
        assurance=row.assurance,
        language=row.language,
        activity=row.activity,
        data=row.data,
        body=seal.open_body(row),
        scrubbed=tuple(row.scrubbed),
        attachments=files.get(row.pk, ()),
        revision=row.revision,
    )


def _names_of(ticket: Ticket, rows: Iterable[Message]) -> dict[tuple[str, int], str]:
    authors = {(row.author_kind, row.author_id) for row in rows}
    names: dict[tuple[str, int], str] = {}
    if staff := [pk for kind, pk in authors if kind == AuthorKind.AGENT]:
        users = User.objects.filter(pk__in=staff).values_list("pk", "display_name")
        names |= {(AuthorKind.AGENT.value, pk): name for pk, name in users}
    if any(kind == AuthorKind.CUSTOMER for kind, _pk in authors):
        name = Customer.objects.values_list("name", flat=True).get(pk=ticket.customer_id)
        names |= {(kind, pk): name for kind, pk in authors if kind == AuthorKind.CUSTOMER}
    return names


def _files_of(rows: Iterable[Message], seal: TicketSeal) -> dict[int, tuple[FileCard, ...]]:
    found: dict[int, tuple[FileCard, ...]] = {}
    files = Attachment.objects.filter(message__in=[row.pk for row in rows]).order_by("position")
    for message_id, file in ((file.message_id or 0, file) for file in files):
        found[message_id] = (*found.get(message_id, ()), card_of(file, seal.key))
    return found

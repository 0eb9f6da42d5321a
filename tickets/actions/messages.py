"""Customers' messages: many at once on the fast path, one at a time on the ordinary path."""

from collections.abc import Sequence
from uuid import UUID

from django.db import DatabaseError, IntegrityError, OperationalError, transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from core.errors import Conflict, DomainError, TransientError
from core.group_commit import BUSY, Busy
from core.publishing import Event, Frame, publish_on_commit
from core.secrets import scrub
from core.text import clean_body
from tickets.actions.attachments import claim_attachments
from tickets.actions.fast_path import LockedTicket, StoredRow, lock_free_tickets, store_drafts
from tickets.actions.opening import live_ticket_for_writing, lock_customer, reopen_if_solved
from tickets.actions.thread import Author, Words, append_words, repeat_of, save_moved
from tickets.choices import AuthorKind, MessageKind, TicketStatus
from tickets.entries import Entry
from tickets.events import MessagePosted, TicketHandedOver
from tickets.posted import CustomerDraft, NeedsOrdinary, Posted
from tickets.rendering import hub_frames
from tickets.rules import TAKES_MESSAGES_AT_ONCE

__all__ = ["CustomerDraft", "NeedsOrdinary", "Posted", "post_customer_message", "post_customer_messages"]

Answer = Posted | Exception | Busy


def post_customer_messages(drafts: list[CustomerDraft]) -> list[Answer]:
    """Store chat messages of customers: one transaction, one lock, one insert, however many there are.

    The answers stand in the order of the drafts: Posted; BUSY if somebody holds the ticket's lock just now;
    NeedsOrdinary for a ticket that is solved, closed or no longer theirs; Conflict for other text under a used id.
    Repeat: a stored client id gives the first message's number again, also across tickets and for ever.
    Records: message_posted for each new row, after the commit. Locks: the tickets, in order of id. Cost: 2 queries.
    """
    try:
        return _post_together(drafts)
    except IntegrityError:
        return [answer for draft in drafts for answer in _post_alone(draft)]


def _post_alone(draft: CustomerDraft) -> list[Answer]:
    """A second try for one message after a neighbour spoilt the batch; what fails now fails alone."""
    try:
        return _post_together([draft])
    except IntegrityError:
        return [TransientError("two tickets were sent the same id")]
    except OperationalError:
        raise  # the database is away: the whole batch is tried again, and what is stored is a repeat then
    except DatabaseError as error:
        return [TransientError(type(error).__name__)]


def _post_together(drafts: list[CustomerDraft]) -> list[Answer]:
    with transaction.atomic():
        locked = lock_free_tickets({draft.ticket_pk for draft in drafts})
        first: dict[tuple[int, UUID], CustomerDraft] = {}
        for draft in drafts:
            if _takes(locked.get(draft.ticket_pk), draft):
                first.setdefault((draft.customer_pk, draft.client_id), draft)
        stored = store_drafts(list(first.values()), locked) if first else {}
        publish_on_commit(*_news_of(first, stored, locked))
    return [_answer(draft, locked, first, stored) for draft in drafts]


def _takes(ticket: LockedTicket | None, draft: CustomerDraft) -> bool:
    return ticket is not None and ticket.status in TAKES_MESSAGES_AT_ONCE and ticket.customer_id == draft.customer_pk


def _answer(
    draft: CustomerDraft,
    locked: dict[int, LockedTicket],
    first: dict[tuple[int, UUID], CustomerDraft],
    stored: dict[tuple[int, UUID], StoredRow],
) -> Answer:
    if draft.ticket_pk not in locked:
        return BUSY
    row = stored.get((draft.customer_pk, draft.client_id))
    if row is None:
        return NeedsOrdinary()
    if row.digest and row.digest != draft.digest:
        # A digest is keyed: that of another ticket may be under another key, which only the ordinary action looks up.
        return _used_id() if row.ticket_pk == draft.ticket_pk else NeedsOrdinary()
    origin = first[draft.customer_pk, draft.client_id]
    return Posted(
        client_id=draft.client_id,
        seq=row.public_seq,
        ticket=row.ticket or origin.ticket,
        ticket_pk=row.ticket_pk,
        created_at=row.created_at,
        scrubbed=draft.scrubbed,
        repeat=row.repeat or origin is not draft,
    )


def _news_of(
    first: dict[tuple[int, UUID], CustomerDraft],
    stored: dict[tuple[int, UUID], StoredRow],
    locked: dict[int, LockedTicket],
) -> tuple[list[Frame], list[MessagePosted]]:
    frames: list[Frame] = []
    events = []
    for key, draft in first.items():
        row = stored[key]
        if row.repeat:
            continue
        frames += hub_frames(_entry_of(draft, row))
        events.append(MessagePosted(draft.ticket_pk, AuthorKind.CUSTOMER, locked[draft.ticket_pk].status))
    return frames, events


def _entry_of(draft: CustomerDraft, row: StoredRow) -> Entry:
    return Entry(
        ticket=draft.ticket,
        seq=row.seq,
        public_seq=row.public_seq,
        kind=MessageKind.CUSTOMER,
        author_kind=AuthorKind.CUSTOMER,
        author_id=draft.customer_pk,
        author_name=draft.customer_name,
        client_id=draft.client_id,
        created_at=row.created_at,
        assurance=draft.assurance,
        language=draft.language,
        body=draft.text,
        scrubbed=draft.scrubbed,
    )


@transaction.atomic
def post_customer_message(
    *,
    customer: Customer,
    session_assurance: str,
    client_id: UUID,
    body: str,
    attachments: Sequence[UUID] = (),
    language: str,
) -> Posted:
    """Store one message of a customer, whatever state their chat is in; opens a ticket if none is live.

    Secrets are removed before anything is stored. A solved ticket is reopened. A message may be files alone.
    Repeat: the same id and text return the first message. Raises: Refused for text that cannot be stored; Conflict for
    other text under a used id; NotFound for files that are not theirs. Records: message_posted, ticket_handed_over.
    Locks: the customer, then the ticket.
    """
    clean = scrub(clean_body(body) if body or not attachments else "")
    words = Words(clean.text, clean.kinds, language)
    author = Author.customer(customer, session_assurance)
    customer = lock_customer(customer)
    if earlier := repeat_of(author, client_id, words.text):
        return earlier
    ticket = live_ticket_for_writing(customer, language=language)
    news = reopen_if_solved(ticket)
    if ticket.status == TicketStatus.WAITING:
        ticket.status = TicketStatus.ASSIGNED
    message = append_words(ticket, MessageKind.CUSTOMER, author, client_id, words)
    files = claim_attachments(message.row, owner=customer, ids=attachments)
    ticket.waiting_since = ticket.waiting_since or message.row.created_at
    save_moved(ticket, message)
    parts = [part.entry() for part in news] + [message.entry(files)]
    frames = [frame for part in parts for frame in hub_frames(part)]
    events: list[Event] = [MessagePosted(ticket.pk, AuthorKind.CUSTOMER, ticket.status)]
    if news and ticket.status == TicketStatus.QUEUED:
        events.append(TicketHandedOver(ticket.team_id))
    publish_on_commit(frames, events)
    return message.posted()


def _used_id() -> DomainError:
    return Conflict("conflict", _("This message id was already used for another text."))

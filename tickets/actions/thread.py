"""How an entry gets into a thread. Every ordinary action goes through `append`, under the ticket's row lock."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from django.utils.translation import gettext_lazy as _

from accounts.choices import Assurance
from accounts.models import Customer, User
from core.errors import Conflict
from tickets.choices import AuthorKind, MessageKind
from tickets.entries import Entry, FileCard
from tickets.models import Message, Ticket
from tickets.posted import Posted
from tickets.sealing import TicketSeal

MOVING = [
    "status", "close_reason", "assignee", "team", "priority", "last_seq", "last_public_seq", "preview", "offered_until",
    "accepted_at", "assigned_at", "queued_at", "waiting_since", "solved_at", "closed_at", "updated_at",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Author:
    """Who wrote an entry, and how sure we are of it."""

    kind: str
    id: int
    name: str
    assurance: str

    @classmethod
    def customer(cls, customer: Customer, assurance: str) -> "Author":
        """A customer, with the assurance of the session they write from."""
        return cls(AuthorKind.CUSTOMER, customer.pk, customer.name, assurance)

    @classmethod
    def agent(cls, user: User) -> "Author":
        """A member of staff; the name is the one shown to customers."""
        return cls(AuthorKind.AGENT, user.pk, user.display_name, Assurance.AGENT)


SYSTEM = Author(AuthorKind.SYSTEM, 0, "", Assurance.SYSTEM)


@dataclass(frozen=True, slots=True)
class Words:
    """The text of an entry, already scrubbed, with the kinds of secrets that were removed."""

    text: str = field(default="", repr=False)
    scrubbed: Sequence[str] = ()
    language: str = ""


@dataclass(frozen=True, slots=True)
class Activity:
    """Something that happened to a ticket. `data` carries ids and codes, never text of people."""

    name: str
    is_public: bool
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Appended:
    """A new entry: the stored row, and what is shown of it."""

    row: Message
    author: Author
    words: Words

    def entry(self, files: tuple[FileCard, ...] = ()) -> Entry:
        """The entry for frames, with the files that it claimed."""
        row = self.row
        return Entry(
            ticket=row.ticket.public_id,
            seq=row.seq,
            public_seq=row.public_seq,
            kind=row.kind,
            author_kind=row.author_kind,
            author_id=row.author_id,
            author_name=self.author.name,
            client_id=row.client_id,
            created_at=row.created_at,
            assurance=row.assurance,
            language=row.language,
            activity=row.activity,
            data=row.data,
            body=self.words.text,
            scrubbed=tuple(self.words.scrubbed),
            attachments=files,
        )

    def posted(self) -> Posted:
        """The acknowledgement for whoever sent it."""
        return posted_of(self.row)


def append_words(ticket: Ticket, kind: MessageKind, author: Author, client_id: UUID, words: Words) -> Appended:
    """Add what somebody wrote to a locked ticket, and keep its first words as the ticket's preview.

    Locks: the ticket must be locked by this transaction. Call `save_moved` before the transaction ends.
    """
    seal = TicketSeal.of(ticket)
    row = _row(ticket, kind, author, client_id, is_public=kind != MessageKind.NOTE)
    row.body = seal.seal_body(words.text, author.kind, author.id, client_id)
    row.digest = seal.digest(words.text)
    row.scrubbed, row.language = list(words.scrubbed), words.language
    row.save(force_insert=True)
    if kind != MessageKind.NOTE:
        ticket.preview = seal.seal_preview(words.text)
    return Appended(row, author, words)


def append_activity(
    ticket: Ticket, activity: Activity, author: Author = SYSTEM, client_id: UUID | None = None
) -> Appended:
    """Add a line that says what happened to a locked ticket; its `status` is the state the ticket now has.

    Locks: the ticket must be locked by this transaction. Call `save_moved` before the transaction ends.
    """
    row = _row(ticket, MessageKind.ACTIVITY, author, client_id or uuid4(), is_public=activity.is_public)
    row.activity = activity.name
    row.data = {"status": ticket.status, **activity.data}
    row.body, row.digest = b"", TicketSeal.of(ticket).digest(activity.name)
    row.save(force_insert=True)
    return Appended(row, author, Words())


def append_change(ticket: Ticket, message: Message, author: Author, client_id: UUID, words: Words) -> Appended:
    """Add the row that says an earlier entry has another text now, or none. Public if the entry was.

    The new text is sealed in this row too, so that whoever resumes gets it. Locks and `save_moved`: as `append_activity`.
    """
    seal = TicketSeal.of(ticket)
    row = _row(ticket, MessageKind.ACTIVITY, author, client_id, is_public=message.public_seq is not None)
    row.activity = "changed"
    row.data = {"of": message.seq, "public_of": message.public_seq, "revision": message.revision}
    row.body = seal.seal_body(words.text, author.kind, author.id, client_id)
    row.digest = seal.digest(words.text)
    row.save(force_insert=True)
    return Appended(row, author, words)


def save_moved(ticket: Ticket, latest: Appended) -> None:
    """Write what actions may have moved on a ticket: counters, state, owner, clocks."""
    ticket.updated_at = latest.row.created_at
    ticket.save(update_fields=MOVING)


def repeat_of(author: Author, client_id: UUID, *texts: str) -> Posted | None:
    """The acknowledgement of an entry this author already sent under the id, or None.

    Raises: Conflict if the text was none of these. Cost: one query; call it under the lock that orders the author's messages.
    """
    row = Message.objects.sent_once(author.kind, author.id, client_id).select_related("ticket__data_key").first()
    if row is None:
        return None
    seal = TicketSeal.of(row.ticket)
    if row.digest and bytes(row.digest) not in {seal.digest(text) for text in texts}:  # removed words are any words
        raise Conflict("conflict", _("This message id was already used for another text."))
    return posted_of(row, repeat=True)


def posted_of(row: Message, *, repeat: bool = False) -> Posted:
    """What the sender of a stored entry is told."""
    return Posted(
        client_id=row.client_id,
        seq=row.seq if row.public_seq is None else row.public_seq,
        ticket=row.ticket.public_id,
        ticket_pk=row.ticket_id,
        created_at=row.created_at,
        scrubbed=tuple(row.scrubbed),
        repeat=repeat,
    )


def _row(ticket: Ticket, kind: MessageKind, author: Author, client_id: UUID, *, is_public: bool) -> Message:
    ticket.last_seq += 1
    if is_public:
        ticket.last_public_seq += 1
    return Message(
        ticket=ticket,
        seq=ticket.last_seq,
        public_seq=ticket.last_public_seq if is_public else None,
        kind=kind,
        author_kind=author.kind,
        author_id=author.id,
        client_id=client_id,
        assurance=author.assurance,
        source=ticket.channel,
    )

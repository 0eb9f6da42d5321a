"""What a sender learns of a message: drafts on the way in, acknowledgements on the way out."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Posted:
    """A stored entry as its sender sees it. `seq` is the public number, or the thread's number for a note."""

    client_id: UUID
    seq: int
    ticket: UUID
    ticket_pk: int
    created_at: datetime
    scrubbed: tuple[str, ...] = ()
    repeat: bool = False


@dataclass(frozen=True, slots=True)
class CustomerDraft:
    """A customer's message ready to store: cleaned, scrubbed, sealed. `text` is for the frames and is never stored.

    `earlier_selves` are anonymous customers whose history joined this one's: what they sent is not stored a second time.
    """

    ticket_pk: int
    ticket: UUID
    customer_pk: int
    customer_name: str
    client_id: UUID
    body: bytes
    preview: bytes
    digest: bytes
    assurance: str
    language: str
    scrubbed: tuple[str, ...] = ()
    text: str = field(default="", repr=False)
    earlier_selves: tuple[int, ...] = ()


class NeedsOrdinary(Exception):
    """The fast path cannot take this message (solved, closed or joined ticket): use the ordinary action."""

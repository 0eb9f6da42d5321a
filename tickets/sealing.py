"""Seals what people wrote under the ticket's data key, bound to the place where it belongs."""

from dataclasses import dataclass
from uuid import UUID

from accounts.data_keys import opened_key
from core.crypto.data_keys import OpenKey
from tickets.models import Message, Ticket

PREVIEW_LENGTH = 140


def body_aad(ticket: UUID, author_kind: str, author_id: int, client_id: UUID) -> bytes:
    """What a body is bound to: the ticket, its author and the id it was sent under; never a number that SQL hands out."""
    return f"{ticket}|{author_kind}:{author_id}|{client_id}".encode()


def preview_aad(ticket: UUID) -> bytes:
    """What a ticket's preview and subject are bound to."""
    return f"{ticket}|preview".encode()


@dataclass(frozen=True, slots=True)
class TicketSeal:
    """A ticket's open key with the ticket it is for. Kept in memory for a request or a socket, never stored."""

    ticket: UUID
    key: OpenKey

    @classmethod
    def of(cls, ticket: Ticket) -> "TicketSeal":
        """Cost: none if `data_key` is joined, else one query."""
        return cls(ticket.public_id, opened_key(ticket.data_key))

    def seal_body(self, text: str, author_kind: str, author_id: int, client_id: UUID) -> bytes:
        """The bytes to store for one entry's text; an entry without text stores none."""
        if not text:
            return b""
        return self.key.seal(text.encode(), body_aad(self.ticket, author_kind, author_id, client_id))

    def open_body(self, message: Message) -> str:
        """The text of one entry. Raises: WrongKey if the row was altered, moved or its key is gone."""
        if not message.body:
            return ""
        aad = body_aad(self.ticket, message.author_kind, message.author_id, message.client_id)
        return self.key.open(bytes(message.body), aad).decode()

    def seal_preview(self, text: str) -> bytes:
        """The first words of a message, for lists."""
        return self.key.seal(
            " ".join(text[: PREVIEW_LENGTH * 2].split())[:PREVIEW_LENGTH].encode(), preview_aad(self.ticket)
        )

    def open_preview(self, sealed: bytes | memoryview) -> str:
        """The words that `seal_preview` kept; empty if there are none yet."""
        return self.key.open(bytes(sealed), preview_aad(self.ticket)).decode() if sealed else ""

    def digest(self, text: str) -> bytes:
        """Keyed hash that tells a repeated message from another text under the same id."""
        return self.key.digest(text.encode())

"""A customer's message made ready for the fast way: cleaned, freed of secrets, sealed. No database, no waiting."""

from typing import Final
from uuid import UUID

from chat.selectors import LiveChat, Sender
from core.secrets import scrub
from core.text import clean_body
from tickets.choices import AuthorKind
from tickets.posted import CustomerDraft

#: Longer texts are searched for secrets in a database thread, by the ordinary action, so that no socket waits for it.
INLINE_LENGTH: Final = 1_000


def is_quick(body: str, attachments: list[UUID]) -> bool:
    """Whether a message is fit for the fast way: words only, and few enough to look through at once."""
    return not attachments and len(body) <= INLINE_LENGTH


def draft_of(sender: Sender, chat: LiveChat, client_id: UUID, body: str) -> CustomerDraft:
    """The draft of one message for the live chat. Raises: Refused for text that cannot be stored."""
    clean = scrub(clean_body(body))
    seal, author = chat.seal, sender.customer.pk
    return CustomerDraft(
        ticket_pk=chat.ticket_id,
        ticket=chat.ticket,
        customer_pk=author,
        customer_name=sender.customer.name,
        client_id=client_id,
        body=seal.seal_body(clean.text, AuthorKind.CUSTOMER, author, client_id),
        preview=seal.seal_preview(clean.text),
        digest=seal.digest(clean.text),
        assurance=sender.assurance,
        language=sender.language,
        scrubbed=clean.kinds,
        text=clean.text,
    )

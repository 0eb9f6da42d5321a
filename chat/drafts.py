"""A customer's message made ready for the fast way: cleaned, freed of secrets, sealed. No database, no waiting."""

from uuid import UUID

from chat.selectors import LiveChat, Sender
from core.secrets import is_soon_read, scrub
from core.text import clean_body
from tickets.choices import AuthorKind
from tickets.posted import CustomerDraft


def is_quick(body: str, attachments: list[UUID]) -> bool:
    """Whether a message is fit for the fast way: words only, and looked through at once.

    The others are searched for secrets in a database thread, by the ordinary action, while other sockets are served.
    """
    return not attachments and is_soon_read(body)


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
        earlier_selves=sender.earlier_selves,
    )

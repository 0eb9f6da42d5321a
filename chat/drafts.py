"""A customer's message made ready for the fast way: cleaned, freed of secrets, sealed. No database, no waiting."""

import re
from typing import Final
from uuid import UUID

from chat.selectors import LiveChat, Sender
from core.secrets import scrub
from core.text import clean_body
from tickets.choices import AuthorKind
from tickets.posted import CustomerDraft

#: Longer texts, and long unbroken runs, are searched for secrets in a database thread, by the ordinary action: every place
#: in such a run may begin a private key, and trying them all takes tens of milliseconds in which no other socket is served.
INLINE_LENGTH: Final = 500
LONG_RUN: Final = re.compile(r"\w{48}")


def is_quick(body: str, attachments: list[UUID]) -> bool:
    """Whether a message is fit for the fast way: words only, and few enough to look through at once."""
    return not attachments and len(body) <= INLINE_LENGTH and not LONG_RUN.search(body)


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

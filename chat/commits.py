"""The process-wide commit that customers' messages share: while one commit runs, later messages wait for the next."""

from collections.abc import Hashable
from typing import Final

from core.group_commit import GroupCommit
from core.per_process import PerProcess
from tickets.actions.messages import post_customer_messages
from tickets.posted import CustomerDraft, Posted


def _ticket_of(draft: CustomerDraft) -> Hashable:
    """Messages of one ticket never overtake each other."""
    return draft.ticket_pk


def _make() -> GroupCommit[CustomerDraft, Posted]:
    return GroupCommit(post_customer_messages, name="customer-messages", key=_ticket_of)


#: `post_messages().submit(draft)` gives a future that ends after the commit.
post_messages: Final = PerProcess(_make)

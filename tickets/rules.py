"""What may follow what: the states of a ticket as pure rules."""

from django.utils.translation import gettext_lazy as _

from core.errors import NotAllowed, Refused
from tickets.choices import TicketStatus

S = TicketStatus

NEXT: dict[str, frozenset[str]] = {
    S.BOT: frozenset({S.QUEUED, S.ASSIGNED, S.SOLVED, S.CLOSED}),
    S.QUEUED: frozenset({S.ASSIGNED, S.SOLVED, S.CLOSED}),
    S.ASSIGNED: frozenset({S.WAITING, S.QUEUED, S.SOLVED, S.CLOSED}),
    S.WAITING: frozenset({S.ASSIGNED, S.QUEUED, S.SOLVED, S.CLOSED}),
    S.SOLVED: frozenset({S.BOT, S.QUEUED, S.ASSIGNED, S.CLOSED}),
    S.CLOSED: frozenset(),
}

_NEARNESS: dict[str, int] = {S.CLOSED: 0, S.SOLVED: 1, S.BOT: 2, S.QUEUED: 3, S.WAITING: 4, S.ASSIGNED: 4}

TAKES_MESSAGES_AT_ONCE = frozenset({S.BOT, S.QUEUED, S.ASSIGNED, S.WAITING})


def check_may_become(status: str, following: str) -> None:
    """Raises: Refused `ticket_state` unless a ticket may go from one state to the other."""
    if following not in NEXT[status]:
        raise Refused("ticket_state", _("The ticket is in a state that does not allow this."), status=status)


def next_after_customer_message(status: str, *, has_present_assignee: bool) -> str:
    """The state after the customer wrote. A closed ticket takes no message: a new ticket follows it.

    A solved ticket goes back to its agent if that agent is there, else into the queue: nobody has to ask twice.
    """
    if status == S.SOLVED:
        return S.ASSIGNED if has_present_assignee else S.QUEUED
    if status == S.WAITING:
        return S.ASSIGNED
    return status


def next_after_asking_for_human(status: str) -> str:
    """A person who asks for a person is queued, unless an agent has the ticket already or it waits in the queue."""
    return S.QUEUED if status in (S.BOT, S.SOLVED) else status


def joined_chat_stays(own: str, joining: str) -> bool:
    """Whether a verified customer keeps their own live chat when an anonymous one of theirs joins it.

    The one that is further with people stays, so that nobody loses an agent or a place in the queue by signing in; else the
    customer's own.
    """
    return _NEARNESS[own] >= _NEARNESS[joining]


def check_may_reply(*, assignee_id: int | None, user_id: int, is_lead: bool) -> None:
    """Raises: NotAllowed `not_yours` for a reply into a colleague's ticket; a lead may step in."""
    if assignee_id not in (None, user_id) and not is_lead:
        raise NotAllowed("not_yours", _("A colleague has this ticket. Write a note, or have it assigned to you."))

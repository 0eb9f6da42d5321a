"""What the forms for a correction and for a removal are given. The actions check everything again."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.policy import check_can
from console.screens import pieces_of
from console.texts import ROLES
from core.errors import NotAllowed, NotFound, Refused
from tickets.choices import AuthorKind, MessageKind
from tickets.entries import Entry
from tickets.models import Ticket
from tickets.selectors import thread_of


def correction_context(user: User, public_id: UUID, seq: int) -> dict[str, Any]:
    """The form in which an author corrects an entry, with the text it has now.

    Raises: NotFound; NotAllowed for the words of others; Refused for a removed entry.
    """
    ticket, entry = _words_at(user, public_id, seq)
    if (entry.author_kind, entry.author_id) != (AuthorKind.AGENT, user.pk):
        raise NotAllowed("not_your_words", _("Only the person who wrote it can correct it."))
    return _context(ticket, entry) | {"form": "console/_correct.html", "draft": entry.body}


def removal_context(user: User, public_id: UUID, seq: int) -> dict[str, Any]:
    """What a removal means for this entry, and the form that asks for a reason.

    Raises: NotFound; NotAllowed without `ticket.redact`; Refused for a removed entry.
    """
    ticket, entry = _words_at(user, public_id, seq)
    check_can(user, "ticket.redact", site=ticket.site_id, team=ticket.team_id)
    return _context(ticket, entry) | {"form": "console/_remove.html", "draft": ""}


def _words_at(user: User, public_id: UUID, seq: int) -> tuple[Ticket, Entry]:
    """What somebody wrote at a number. Cost: 4 queries."""
    ticket = Ticket.objects.visible_to(user).find(public_id)
    entry = next((entry for entry in thread_of(ticket, after=seq - 1, limit=1) if entry.seq == seq), None)
    if entry is None or entry.kind == MessageKind.ACTIVITY:
        raise NotFound("message_not_found", _("There is no such message."))
    if entry.revision and not entry.body:
        raise Refused("message_removed", _("This message was removed."))
    return ticket, entry


def _context(ticket: Ticket, entry: Entry) -> dict[str, Any]:
    return {
        "ticket": ticket,
        "entry": entry,
        "is_note": entry.kind == MessageKind.NOTE,
        "pieces": pieces_of(entry.body),
        "role": ROLES.get(entry.author_kind, ""),
    }

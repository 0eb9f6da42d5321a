"""What the console's templates are given, read for one agent."""

from __future__ import annotations

from typing import Any, Final
from uuid import uuid4
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import socket_tickets
from accounts.choices import Presence
from accounts.policy import can
from console.requests import AgentRequest
from console.screens import pieces_of, queue_groups, row_view, thread_lines
from console.texts import ROLES, script_texts
from core.locales import LANGUAGES, is_rtl
from tickets.choices import OPEN_STATUSES, TicketStatus
from tickets.entries import Entry, FileCard
from tickets.file_links import Audience, file_token
from tickets.rendering import staff_frame
from tickets.selectors import TicketDetail, queue_counts, queue_for, thread_of
from tickets.selectors.queues import VIEWS

VIEW_NAMES: Final = {"mine": _("Mine"), "unassigned": _("Unassigned"), "all": _("All")}
#: Entries of a thread on one page; earlier ones are a link away.
WINDOW: Final = 200

MOVES: Final = {
    TicketStatus.WAITING: (_("Wait for the customer"), "hourglass"),
    TicketStatus.ASSIGNED: (_("Go on with it"), "rotate-ccw"),
    TicketStatus.QUEUED: (_("Put back into the queue"), "undo-2"),
    TicketStatus.CLOSED: (_("Close for good"), "archive"),
}


def view_of(request: AgentRequest, fallback: str = "mine") -> str:
    """The view of the queue that was asked for."""
    asked = request.GET.get("view", "")
    return asked if asked in VIEWS else fallback


def list_context(request: AgentRequest, view: str) -> dict[str, Any]:
    """The queue column. Cost: 2 queries and the policy."""
    counts = queue_counts(request.user)
    return {
        "view": view,
        "views": [(key, VIEW_NAMES[key], counts[key]) for key in VIEWS],
        "counts": counts,
        "groups": queue_groups(queue_for(request.user, view)),
    }


def desk_context(request: AgentRequest, view: str) -> dict[str, Any]:
    """Everything around the thread: rail, top bar, queue, sentences and the socket's one-time ticket."""
    return list_context(request, view) | {
        "agent": request.agent,
        "presence": request.agent.presence if request.agent else "",
        "presences": Presence.choices,
        "texts": script_texts(),
        "me": {"id": request.user.pk, "name": request.user.display_name},
        "initials": initials(request.user.display_name or request.user.email),
        "socket_ticket": socket_tickets.issue(request.user, request.session.session_key or ""),
        "is_rtl": is_rtl(request.user.language),
        "languages": LANGUAGES,
    }


def ticket_context(request: AgentRequest, detail: TicketDetail) -> dict[str, Any]:
    """The thread, its composer and the customer's panel."""
    ticket, row = detail.ticket, row_view(detail.row)
    newest = max(0, ticket.last_seq - WINDOW)
    after = min(number_of(request.GET["after"]), newest) if "after" in request.GET else newest
    entries = thread_of(ticket, after=after, limit=ticket.last_seq - after)
    may = {"site": ticket.site_id, "team": ticket.team_id}
    return {
        "detail": detail,
        "ticket": ticket,
        "row": row,
        "lines": thread_lines(entries, reader_id=request.user.pk),
        "links": {file.id: file_link(request, file) for entry in entries for file in entry.attachments},
        "earlier_after": max(0, after - WINDOW) if after else None,
        "seen_seq": entries[-1].seq if entries else 0,
        "client_id": uuid4(),
        "language_name": dict(LANGUAGES).get(ticket.language, ticket.language),
        "initials_of_customer": initials(row.name),
        "local_time": local_time(detail.time_zone),
        "is_mine": ticket.assignee_id == request.user.pk,
        "is_open": ticket.status in OPEN_STATUSES,
        "may_take": can(request.user, "ticket.assign", **may) and ticket.status in OPEN_STATUSES,
        "may_redact": can(request.user, "ticket.redact", **may),
        "may_solve": can(request.user, "ticket.solve", **may) and ticket.status in OPEN_STATUSES,
        "moves": [(status, *MOVES[status]) for status in _moves(request, detail)],
        "earlier_tickets": [row_view(earlier) for earlier in detail.earlier],
    }


def entry_frames(request: AgentRequest, entries: list[Entry]) -> list[dict[str, Any]]:
    """Entries as scripts draw them, with links to their files that are good for this reader only."""
    frames = []
    for entry in entries:
        frame = staff_frame(entry)
        for card, file in zip(frame.get("attachments", []), entry.attachments, strict=False):
            card["url"] = file_link(request, file)
        frames.append(frame)
    return frames


def missed_lines(frames: object) -> list[dict[str, Any]]:
    """What an agent missed while writing, for the page without script. Takes the fact of a `thread_moved` refusal."""
    return [
        {
            "author": frame["author"],
            "role": ROLES.get(frame["author"]["kind"], ""),
            "is_note": frame["type"] == "note",
            "language": frame["language"],
            "pieces": pieces_of(frame["body"]),
        }
        for frame in (frames if isinstance(frames, list) else [])
        if frame["type"] in ("message", "note")
    ]


def file_link(request: AgentRequest, file: FileCard) -> str:
    """A link to a file for this reader, good for ten minutes."""
    return f"/files/{file_token(file.id, Audience('u', request.user.pk))}"


def initials(name: str) -> str:
    """Up to two letters that stand for a name."""
    words = [word for word in name.split() if word[0].isalnum()]
    return "".join(word[0] for word in (words[:1] + words[-1:] if len(words) > 1 else words[:1])).upper()


def local_time(zone: str) -> Any:
    """What time it is where the customer is, if that is known."""
    try:
        return timezone.now().astimezone(ZoneInfo(zone)) if zone else None
    except (ZoneInfoNotFoundError, ValueError):
        return None


def _moves(request: AgentRequest, detail: TicketDetail) -> list[TicketStatus]:
    """Where the ticket may go besides solved, for the menu; the action checks again."""
    ticket = detail.ticket
    may = {"site": ticket.site_id, "team": ticket.team_id}
    moves: dict[str, list[TicketStatus]] = {
        TicketStatus.ASSIGNED: [TicketStatus.WAITING, TicketStatus.QUEUED],
        TicketStatus.WAITING: [TicketStatus.ASSIGNED, TicketStatus.QUEUED],
        TicketStatus.SOLVED: [TicketStatus.QUEUED],
    }
    found = moves.get(ticket.status, []) if can(request.user, "ticket.reply", **may) else []
    if ticket.status != TicketStatus.CLOSED and can(request.user, "ticket.close", **may):
        found = [*found, TicketStatus.CLOSED]
    return found


def number_of(text: str | None) -> int:
    """A number from an address; 0 if it is none."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else 0

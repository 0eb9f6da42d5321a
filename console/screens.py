"""What the console's pages show, shaped for templates: groups of the queue, lines of a thread. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from console.texts import ASSURANCE, ICONS, ROLES, SCRIPT, VERIFIED, activity_sentence
from tickets.choices import MessageKind, TicketStatus
from tickets.entries import Entry
from tickets.selectors import TicketRow

RUN: Final = timedelta(minutes=2)
REMOVED: Final = re.compile(r"\[removed: ([a-z_]+)\]")

#: Groups of the queue in the order in which they are shown, each with its words and its icon.
GROUPS: Final[dict[str, tuple[Promise, str]]] = {
    "unanswered": (_("Needs an answer"), "clock"),
    "queued": (_("Waiting for an agent"), "clock"),
    "answered": (_("Answered"), "check"),
    "waiting": (_("Waiting for the customer"), "hourglass"),
    "bot": (_("With the assistant"), "bot"),
}
CHANNEL_ICONS: Final = {"chat": "message-square", "email": "mail", "form": "file-text"}
LANGUAGE_MARKS: Final = {"zh-hans": "简", "zh-hant": "繁", "ja": "日", "ko": "한", "pt-br": "PT"}


@dataclass(frozen=True, slots=True)
class RowView:
    """One line of the queue with the words and shapes that stand for its values."""

    row: TicketRow
    group: str
    name: str
    is_verified: bool
    assurance: Promise | str
    words: str
    channel_icon: str
    language_mark: str
    since: datetime | None


@dataclass(frozen=True, slots=True)
class QueueGroup:
    """Rows under one heading."""

    key: str
    title: Promise
    icon: str
    rows: list[RowView]


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a body: words, or the name of a secret that was removed there."""

    text: str | Promise
    is_removed_secret: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """One entry of a thread as the page draws it."""

    entry: Entry
    kind: str
    pieces: list[Piece] = field(default_factory=list)
    sentence: str = ""
    icon: str = ""
    role: Promise | str = ""
    assurance: Promise | str = ""
    is_verified: bool = False
    is_mine: bool = False
    is_run: bool = False
    is_removed: bool = False
    day: datetime | None = None


def group_of(row: TicketRow) -> str:
    """Under which heading a ticket stands."""
    if row.status in (TicketStatus.QUEUED, TicketStatus.BOT):
        return row.status
    if row.status == TicketStatus.WAITING:
        return "waiting"
    return "unanswered" if row.waiting_since else "answered"


def queue_groups(rows: Iterable[TicketRow]) -> list[QueueGroup]:
    """The queue under its headings; empty ones are left out."""
    views = [row_view(row) for row in rows]
    return [
        QueueGroup(key, title, icon, chosen)
        for key, (title, icon) in GROUPS.items()
        if (chosen := [view for view in views if view.group == key])
    ]


def row_view(row: TicketRow) -> RowView:
    """One ticket as a line of the queue."""
    is_verified = row.assurance in VERIFIED
    return RowView(
        row=row,
        group=group_of(row),
        name=row.customer_name,
        is_verified=is_verified,
        assurance=ASSURANCE.get(row.assurance, ASSURANCE["anonymous"]),
        words=row.subject or plain_words(row.preview),
        channel_icon=CHANNEL_ICONS.get(row.channel, "message-square"),
        language_mark=LANGUAGE_MARKS.get(row.language, row.language[:2].upper()),
        since=row.waiting_since or (row.queued_at if row.status == TicketStatus.QUEUED else None),
    )


def thread_lines(entries: Sequence[Entry], *, reader_id: int) -> list[Line]:
    """A thread as the page draws it: changes are applied to the entries they change, runs of one author share a name."""
    seqs = {entry.seq for entry in entries}
    changes = {entry.data["of"]: entry for entry in entries if entry.activity == "changed"}
    lines: list[Line] = []
    before: Entry | None = None
    for entry in entries:
        if entry.activity == "changed" and entry.data["of"] in seqs:
            continue
        line = _line(entry, changes.get(entry.seq), reader_id)
        lines.append(replace(line, is_run=_is_run(before, entry), day=_new_day(before, entry)))
        before = entry
    return lines


def _line(entry: Entry, change: Entry | None, reader_id: int) -> Line:
    if entry.kind == MessageKind.ACTIVITY:
        return Line(entry, "activity", sentence=activity_sentence(entry), icon=ICONS.get(entry.activity, "info"))
    body = change.body if change else entry.body
    return Line(
        entry,
        entry.kind if entry.kind == MessageKind.NOTE else entry.author_kind,
        pieces=pieces_of(body),
        role=ROLES.get(entry.author_kind, ""),
        assurance=ASSURANCE.get(entry.assurance, "") if entry.author_kind == "customer" else "",
        is_verified=entry.assurance in VERIFIED,
        is_mine=entry.author_kind == "agent" and entry.author_id == reader_id,
        is_removed=change is not None and not change.body,
    )


def plain_words(preview: str) -> str:
    """A preview on one line, with words of the reader's language where a secret was removed."""
    parts = [f"({piece.text})" if piece.is_removed_secret else piece.text for piece in pieces_of(preview)]
    return " ".join("".join(map(str, parts)).split())


def pieces_of(body: str) -> list[Piece]:
    """A body cut at the places where a secret was removed. A customer who types such a mark only imitates a removal."""
    pieces, end = [], 0
    for found in REMOVED.finditer(body):
        pieces.append(Piece(body[end : found.start()]))
        pieces.append(Piece(SCRIPT.get(f"removed_{found[1]}", SCRIPT["removed_other"]), is_removed_secret=True))
        end = found.end()
    return [piece for piece in [*pieces, Piece(body[end:])] if piece.text]


def _is_run(before: Entry | None, entry: Entry) -> bool:
    return (
        before is not None
        and entry.kind != MessageKind.ACTIVITY
        and (before.kind, before.author_kind, before.author_id) == (entry.kind, entry.author_kind, entry.author_id)
        and before.assurance == entry.assurance
        and entry.created_at - before.created_at < RUN
        and _new_day(before, entry) is None
    )


def _new_day(before: Entry | None, entry: Entry) -> datetime | None:
    local = timezone.localtime(entry.created_at)
    if before is not None and timezone.localtime(before.created_at).date() == local.date():
        return None
    return local

"""Small forms in which the console's templates show values."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from django import template
from django.utils import timezone

from console.texts import SCRIPT
from core.locales import LANGUAGES
from tickets.choices import Channel, TicketStatus
from tickets.rendering import iso

register = template.Library()

STATUS_ICONS: Final[dict[str, str]] = {
    TicketStatus.BOT: "bot",
    TicketStatus.QUEUED: "clock",
    TicketStatus.ASSIGNED: "user-check",
    TicketStatus.WAITING: "hourglass",
    TicketStatus.SOLVED: "circle-check",
    TicketStatus.CLOSED: "archive",
}


@register.filter
def utc_iso(moment: datetime) -> str:
    """A moment as frames write it."""
    return iso(moment.astimezone(UTC))


@register.filter
def waited(since: datetime) -> str:
    """How long ago, as the waiting clock shows it: "0:48", "26:12", "2 h", "3 d"."""
    seconds = max(0, int((timezone.now() - since).total_seconds()))
    if seconds < 3600:
        return f"{seconds // 60}:{seconds % 60:02d}"
    if seconds < 172_800:
        return str(SCRIPT["span_hours"]).replace("{n}", str(seconds // 3600))
    return str(SCRIPT["span_days"]).replace("{n}", str(seconds // 86_400))


@register.filter
def status_icon(status: str) -> str:
    """The shape of a state, the same everywhere."""
    return STATUS_ICONS.get(status, "info")


@register.filter
def channel_name(channel: str) -> str:
    """A channel in words."""
    return str(dict(Channel.choices).get(channel, channel))


@register.filter
def language_name(code: str) -> str:
    """What a speaker calls the language."""
    return dict(LANGUAGES).get(code, code)


@register.filter
def clock_with_offset(moment: datetime) -> str:
    """Hours and minutes with the distance to UTC: "22:09, UTC+8"."""
    offset = moment.utcoffset()
    minutes = int(offset.total_seconds() // 60) if offset else 0
    hours, rest = divmod(abs(minutes), 60)
    sign = "\u2212" if minutes < 0 else "+"
    distance = f"{sign}{hours}" + (f":{rest:02d}" if rest else "") if minutes else ""
    return f"{moment:%H:%M}, UTC{distance}"


@register.filter
def of(mapping: Mapping[Any, Any], key: object) -> Any:
    """The value of a key that is only known while rendering."""
    return mapping.get(key, "")

"""Entries as frames. The same functions serve the live socket, the catch-up and the history, so none can differ.

Two forms, never one filtered in a browser: `public_*` for the customer, `staff_*` for agents.
"""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec

from core.publishing import Frame
from tickets.choices import AuthorKind, MessageKind
from tickets.entries import Entry, FileCard
from tickets.groups import agent_group, customer_group, home_group, queue_group, staff_group
from tickets.posted import Posted

_encoder = msgspec.json.Encoder()

PUBLIC_AUTHORS = {
    AuthorKind.CUSTOMER: "customer",
    AuthorKind.AGENT: "agent",
    AuthorKind.BOT: "bot",
    AuthorKind.SYSTEM: "system",
}


def iso(moment: datetime) -> str:
    """ISO 8601 in UTC with milliseconds and Z, as the protocol writes times."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")[:23] + "Z"


def public_frame(entry: Entry) -> dict[str, Any]:
    """What the customer gets for one public entry: a `message`, `changed` or `status` frame with its number."""
    if entry.kind != MessageKind.ACTIVITY:
        return _public_message(entry)
    if entry.activity == "changed":
        return {"type": "changed", "seq": entry.public_seq, **_changed(entry, "public_of")}
    frame: dict[str, Any] = {
        "type": "status",
        "seq": entry.public_seq,
        "ticket": str(entry.ticket),
        "status": entry.data["status"],
        "activity": entry.activity,
        "created_at": iso(entry.created_at),
    }
    if agent := entry.data.get("agent_name"):
        frame["agent"] = {"name": agent}
    return frame


def staff_frame(entry: Entry) -> dict[str, Any]:
    """What agents get for one entry: `message`, `note`, `activity` or `changed`, with ticket and number."""
    head: dict[str, Any] = {"ticket": str(entry.ticket), "seq": entry.seq, "created_at": iso(entry.created_at)}
    if entry.public_seq is not None:
        head["public_seq"] = entry.public_seq
    author = {"kind": entry.author_kind, "id": entry.author_id, "name": entry.author_name}
    if entry.kind == MessageKind.ACTIVITY:
        if entry.activity == "changed":
            return {"type": "changed", **head, "author": author, **_changed(entry, "of")}
        return {"type": "activity", **head, "author": author, "activity": entry.activity, "data": entry.data}
    return {
        "type": "note" if entry.kind == MessageKind.NOTE else "message",
        **head,
        "client_id": str(entry.client_id),
        "author": author,
        "assurance": entry.assurance,
        "language": entry.language,
        **_content(entry),
    }


def public_bytes(entry: Entry) -> bytes:
    """`public_frame`, serialised once for every receiver."""
    return _encoder.encode(public_frame(entry))


def staff_bytes(entry: Entry) -> bytes:
    """`staff_frame`, serialised once for every receiver."""
    return _encoder.encode(staff_frame(entry))


def hub_frames(entry: Entry) -> list[Frame]:
    """The frames that announce one entry: to the agents who watch, and to the customer if it is public."""
    frames = [Frame(staff_group(entry.ticket), entry.seq, "entry", staff_bytes(entry))]
    if entry.public_seq is not None:
        frames.append(Frame(customer_group(entry.ticket), entry.public_seq, "entry", public_bytes(entry)))
    return frames


def opened_frame(customer_id: int, ticket: UUID) -> Frame:
    """Tells every tab of a customer that their chat has begun."""
    return Frame(home_group(customer_id), 0, "opened", _encoder.encode({"type": "opened", "ticket": str(ticket)}))


def assigned_frame(user_id: int, ticket: UUID) -> Frame:
    """Rings at an agent who now has a ticket, and makes their sockets follow it."""
    return Frame(agent_group(user_id), 0, "assigned", _encoder.encode({"type": "assigned", "ticket": str(ticket)}))


def unassigned_frame(user_id: int, ticket: UUID) -> Frame:
    """Tells an agent that a ticket is no longer theirs."""
    return Frame(agent_group(user_id), 0, "unassigned", _encoder.encode({"type": "unassigned", "ticket": str(ticket)}))


def queue_frame(team_id: int) -> Frame:
    """Tells a team's consoles that their queue changed; they read the figures they may see."""
    return Frame(queue_group(team_id), 0, "queue", _encoder.encode({"type": "queue", "team": team_id}))


def read_frames(ticket: UUID, public_seq: int, *, by_customer: bool) -> list[Frame]:
    """Tells the other side how far somebody has read."""
    if by_customer:
        frame = {"type": "read", "ticket": str(ticket), "public_seq": public_seq}
        return [Frame(staff_group(ticket), 0, "read", _encoder.encode(frame))]
    return [Frame(customer_group(ticket), 0, "read", _encoder.encode({"type": "read", "seq": public_seq}))]


def ack_of(posted: Posted) -> dict[str, Any]:
    """The acknowledgement of a stored message; a repeat gets the same."""
    return {
        "type": "ack",
        "client_id": str(posted.client_id),
        "seq": posted.seq,
        "ticket": str(posted.ticket),
        "created_at": iso(posted.created_at),
        "scrubbed": list(posted.scrubbed),
    }


def _public_message(entry: Entry) -> dict[str, Any]:
    author: dict[str, Any] = {"kind": PUBLIC_AUTHORS[AuthorKind(entry.author_kind)], "name": entry.author_name}
    return {
        "type": "message",
        "seq": entry.public_seq,
        "client_id": str(entry.client_id),
        "author": author,
        **_content(entry),
        "created_at": iso(entry.created_at),
    }


def _content(entry: Entry) -> dict[str, Any]:
    content: dict[str, Any] = {"body": entry.body}
    if entry.revision:  # an entry that was changed and has no words left was removed
        content |= {"body": entry.body or None, "revision": entry.revision}
    if entry.scrubbed:
        content["scrubbed"] = list(entry.scrubbed)
    if entry.attachments:
        content["attachments"] = [_card(card) for card in entry.attachments]
    return content


def _changed(entry: Entry, number: str) -> dict[str, Any]:
    return {"of": entry.data[number], "revision": entry.data["revision"], "body": entry.body or None}


def _card(card: FileCard) -> dict[str, Any]:
    return {"id": str(card.id), "name": card.name, "type": card.type, "size": card.size, "image": card.is_image}

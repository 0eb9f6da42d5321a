"""What browsers may send, over the socket and over HTTP, and what they are answered. Unknown fields are refused."""

from typing import Annotated, Any
from uuid import UUID

import msgspec

from core.frames import Number

Code = Annotated[str, msgspec.Meta(min_length=1, max_length=60)]
Note = Annotated[str, msgspec.Meta(max_length=5000)]
Token = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Files = Annotated[list[UUID], msgspec.Meta(max_length=50)]


class Hello(msgspec.Struct, forbid_unknown_fields=True):
    """Who is here, and what they have seen."""

    v: int
    token: Token
    after: Number = 0


class SendMessage(msgspec.Struct, forbid_unknown_fields=True):
    """One message; `client_id` makes a repeat harmless."""

    client_id: UUID
    body: str
    attachments: Files = []


class Typing(msgspec.Struct, forbid_unknown_fields=True):
    """The customer began or stopped writing."""

    on: bool


class MarkRead(msgspec.Struct, forbid_unknown_fields=True):
    """The customer has seen everything up to this number."""

    seq: Number


class AskForHuman(msgspec.Struct, forbid_unknown_fields=True):
    """The customer wants a person."""

    client_id: UUID


class EndChat(msgspec.Struct, forbid_unknown_fields=True):
    """The customer is done."""


class Choose(msgspec.Struct, forbid_unknown_fields=True):
    """A quick reply that the assistant offered."""

    client_id: UUID
    seq: Number
    option: Code


class Emergency(msgspec.Struct, forbid_unknown_fields=True):
    """Something that cannot wait."""

    client_id: UUID
    kind: Code
    note: Note = ""


class Rate(msgspec.Struct, forbid_unknown_fields=True):
    """How the customer found the help."""

    client_id: UUID
    score: Annotated[int, msgspec.Meta(ge=1, le=5)]
    comment: Note = ""


class Feedback(msgspec.Struct, forbid_unknown_fields=True):
    """Whether one answer helped."""

    client_id: UUID
    seq: Number
    helpful: bool


class OpenSession(msgspec.Struct, forbid_unknown_fields=True):
    """Begin or go on with a browser's session. `page` is where the widget was opened; it is not kept."""

    locale: Annotated[str, msgspec.Meta(max_length=64)] = ""
    identity: Annotated[str, msgspec.Meta(max_length=8192)] | None = None
    resume: Token | None = None
    page: Annotated[str, msgspec.Meta(max_length=2000)] | None = None


class Welcome(msgspec.Struct, tag="welcome", tag_field="type"):
    """What the client is connected to. Sent again when another ticket becomes the live one."""

    v: int
    features: list[str]
    ticket: dict[str, Any] | None
    public_seq: int
    agent: dict[str, Any] | None
    queue: dict[str, Any] | None
    limits: dict[str, Any]
    degraded: bool


class Ack(msgspec.Struct, tag="ack", tag_field="type"):
    """The message is stored, for ever under this number."""

    client_id: UUID
    seq: int
    ticket: UUID
    created_at: str
    scrubbed: list[str]


class Status(msgspec.Struct, tag="status", tag_field="type"):
    """Where the ticket stands; without a number because nothing was added to the thread."""

    ticket: UUID | None
    status: str

"""What an agent's browser may send over its socket, and what only this socket answers."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

import msgspec

#: Numbers of a thread; more than a column can hold is no number of ours.
Seq = Annotated[int, msgspec.Meta(ge=0, le=2_147_483_647)]


class Hello(msgspec.Struct, forbid_unknown_fields=True):
    """The one-time value that the page carries; the session itself comes from the cookie."""

    v: int
    ticket: Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]


class Watch(msgspec.Struct, forbid_unknown_fields=True):
    """Show this thread from now on, beginning after a number."""

    ticket: UUID
    after: Seq = 0


class Unwatch(msgspec.Struct, forbid_unknown_fields=True):
    """This thread is no longer on screen."""

    ticket: UUID


class GotEntries(msgspec.Struct, forbid_unknown_fields=True):
    """The browser has shown a thread up to this number."""

    ticket: UUID
    seq: Seq


class ResumeThread(msgspec.Struct, forbid_unknown_fields=True):
    """The browser wants everything of a thread after this number again."""

    ticket: UUID
    after: Seq


class Typing(msgspec.Struct, forbid_unknown_fields=True):
    """The agent began or stopped writing an answer. Never sent for notes."""

    ticket: UUID
    on: bool


class Viewing(msgspec.Struct, forbid_unknown_fields=True):
    """The agent has this thread in front of them."""

    ticket: UUID


class Welcome(msgspec.Struct, tag="welcome", tag_field="type"):
    """What the browser is connected to: the tickets whose entries come without asking."""

    v: int
    features: list[str]
    tickets: list[UUID]
    degraded: bool


class MoreEntries(msgspec.Struct, tag="more", tag_field="type"):
    """There is more of this thread after this number: ask with `resume`."""

    ticket: UUID
    after: int


class TypingFrame(msgspec.Struct, tag="typing", tag_field="type", omit_defaults=True):
    """Somebody writes. The customer's form carries no ticket and no ids."""

    author: dict[str, Any]
    on: bool
    ticket: UUID | None = None


class ViewingFrame(msgspec.Struct, tag="viewing", tag_field="type"):
    """A colleague has this thread in front of them."""

    ticket: UUID
    agent: dict[str, Any]

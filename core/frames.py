"""Frames as they travel: strict decoding of what a browser sends, and the answers that every socket can give."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from django.utils.functional import Promise

from core.errors import DomainError, TransientError

#: Longest frame that is read, in bytes of UTF-8.
MAX_FRAME: Final = 65_536


class BadFrame(Exception):
    """What came is not a frame of this protocol. Nothing of it is ever repeated to the sender."""


class Hello(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The least that a first frame says; sockets declare their own with more fields."""

    v: int


class Got(msgspec.Struct, forbid_unknown_fields=True):
    """The client has shown everything up to this number."""

    seq: int


class Resume(msgspec.Struct, forbid_unknown_fields=True):
    """The client wants everything after this number again."""

    after: int


class Ping(msgspec.Struct, forbid_unknown_fields=True):
    """Is anybody there, and which number do you have?"""


class More(msgspec.Struct, tag="more", tag_field="type"):
    """There is more after this number: ask with `resume`."""

    after: int


class Pong(msgspec.Struct, tag="pong", tag_field="type"):
    """The answer to `ping`, with the newest number that this process knows of."""

    public_seq: int


class Restart(msgspec.Struct, tag="restart", tag_field="type"):
    """This process ends; come back after a random time within so many seconds."""

    within: int


class ErrorFrame(msgspec.Struct, tag="error", tag_field="type", omit_defaults=True):
    """Why a frame was not done. `code` never changes, `message` is in the reader's language."""

    code: str
    message: str
    client_id: str | None = None
    retry_after: int | None = None


class _Type(msgspec.Struct):
    type: str

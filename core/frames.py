"""Frames as they travel: strict decoding of what a browser sends, and the answers that every socket can give."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from operator import or_
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
import structlog
from django.utils import translation
from django.utils.translation import gettext as _
from msgspec import Meta, Struct

from core.errors import DomainError, TransientError

log = structlog.get_logger(__name__)

#: Longest frame that is read, in bytes of UTF-8.
MAX_FRAME: Final = 65_536

#: A number in a thread; bounded, so that no client can name one that the database cannot hold.
Number = Annotated[int, Meta(ge=0, le=2**31 - 1)]


class BadFrameError(Exception):
    """What came is not a frame of this protocol. Nothing of it is ever repeated to the sender."""


class Got(Struct, forbid_unknown_fields=True):
    """The client has shown everything up to this number."""

    seq: Number


class Resume(Struct, forbid_unknown_fields=True):
    """The client wants everything after this number."""

    after: Number


class Ping(Struct, forbid_unknown_fields=True):
    """Is anybody there, and which number do you have?"""


class More(Struct, tag="more", tag_field="type"):
    """There is more after this number: ask with `resume`."""

    after: int


class Pong(Struct, tag="pong", tag_field="type"):
    """The answer to `ping`, with the newest number that this process knows of."""

    public_seq: int


class Restart(Struct, tag="restart", tag_field="type"):
    """This process ends; come back after a random time within so many seconds."""

    within: int


class ErrorFrame(Struct, tag="error", tag_field="type", omit_defaults=True):
    """Why a frame was not done. `code` never changes, `message` is in the reader's language."""

    code: str
    message: str
    client_id: str | None = None
    retry_after: int | None = None


class FrameDecoder:
    """Decodes the frame types of one kind of socket in one pass: type, fields and values, all strict."""

    def __init__(self, accepts: Mapping[str, type[Struct]]) -> None:
        self.types = {_tagged(name, struct): name for name, struct in accepts.items()}
        self._decode = msgspec.json.Decoder(reduce(or_, self.types)).decode

    def __call__(self, text: str) -> Struct:
        """The frame as an instance of the struct declared for its type.

        Raises: BadFrameError for an unknown type or field, a wrong value, NUL, or a lone surrogate (which msgspec
        refuses wherever it is written: escaped, or raw, which UTF-8 cannot carry).
        """
        try:
            frame: Struct = self._decode(text)
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            raise BadFrameError from error
        if "\\u0000" in text and _has_nul(msgspec.json.decode(text)):
            raise BadFrameError
        return frame


def _tagged(name: str, struct: type[Struct]) -> type[Struct]:
    return msgspec.defstruct(
        struct.__name__, [], bases=(struct,), tag=name, tag_field="type", forbid_unknown_fields=True
    )


def _has_nul(value: Any) -> bool:
    match value:
        case str():
            return "\0" in value
        case list():
            return any(map(_has_nul, value))
        case dict():
            return any("\0" in key or _has_nul(entry) for key, entry in value.items())
    return False


def is_too_long(text: str) -> bool:
    """Whether a frame has more than MAX_FRAME bytes; encodes only if it could have."""
    return len(text) > MAX_FRAME or (len(text) > MAX_FRAME // 4 and len(text.encode(errors="replace")) > MAX_FRAME)


def error_frame(error: BaseException, *, language: str, client_id: UUID | str | None = None) -> ErrorFrame:
    """The answer to a frame that was not done; what nobody expected is logged and told as `internal`."""
    echoed = str(client_id) if client_id is not None else None
    with translation.override(language):
        match error:
            case BadFrameError():
                return ErrorFrame("bad_frame", _("This program sent something that the desk does not understand."))
            case DomainError():
                retry_after = error.facts.get("retry_after")
                return ErrorFrame(error.code, error.message, echoed, retry_after if type(retry_after) is int else None)
            case TransientError():
                message = _("The desk cannot save anything at the moment. It is tried again by itself.")
                return ErrorFrame("unavailable", message, echoed, retry_after=1)
        log.error("frame_failed", exc_info=error)
        return ErrorFrame("internal", _("Something went wrong at the desk. Please try again."), echoed)


def encode(frame: Struct) -> str:
    """A tagged struct as the text that travels."""
    return msgspec.json.encode(frame).decode()

"""Links to files: signed, for one reader, good for ten minutes. A link that is passed on opens nothing.

The reader is named in the link and checked again when it is followed: a customer's session must still be live and its
customer's the file, a member of staff must be signed in and may still read the ticket.
"""

from dataclasses import dataclass
from typing import Final, Literal
from uuid import UUID

from django.core import signing

LINK_SECONDS: Final = 600
_SALT: Final = "tickets.file"

AudienceKind = Literal["s", "u"]


@dataclass(frozen=True, slots=True)
class Audience:
    """Whom a link is for: a customer's session (`s`) or a member of staff (`u`), by primary key."""

    kind: AudienceKind
    pk: int


def file_token(attachment: UUID, audience: Audience) -> str:
    """The last part of `/files/<token>` for one reader."""
    return signing.TimestampSigner(salt=_SALT).sign(f"{attachment.hex}.{audience.kind}{audience.pk}")


def read_file_token(token: str) -> tuple[UUID, Audience] | None:
    """Whose link to which file it is; None if it is forged, altered or older than ten minutes."""
    try:
        plain = signing.TimestampSigner(salt=_SALT).unsign(token, max_age=LINK_SECONDS)
        hexadecimal, _dot, reader = plain.partition(".")
        kind = reader[:1]
        if kind == "s":
            return UUID(hexadecimal), Audience("s", int(reader[1:]))
        return (UUID(hexadecimal), Audience("u", int(reader[1:]))) if kind == "u" else None
    except (signing.BadSignature, ValueError):
        return None

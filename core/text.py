"""Makes text from outside fit to store and to show, or refuses it."""

import re
import unicodedata

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from core.errors import Refused

BODY_LIMIT = 5000
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
LINE_ENDS = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
# Zero-width and direction marks: kept inside a body (emoji and Arabic need them), never content on their own.
INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0]"
)
# Marks that turn the direction of what follows: in a name they would rewrite the text beside it.
DIRECTION_OVERRIDES = re.compile("[\u202a-\u202e\u2066-\u2069]")


def clean_body(text: str, limit: int = BODY_LIMIT) -> str:
    """A message as it is stored: line ends are newlines, blanks at the end are gone, the rest is the writer's own.

    Raises: Refused ``bad_text`` for NUL or lone surrogates, ``empty`` if nothing would be visible, ``too_long`` past
    ``limit`` characters.
    """
    check_storable(text)
    body = LINE_ENDS.sub("\n", text).rstrip()
    return _within(body, limit)


def clean_line(text: str, limit: int) -> str:
    """A name, subject or other single line: NFC, every run of blanks and control characters is one space, no direction
    overrides.

    Raises: as `clean_body`.
    """
    check_storable(text)
    plain = DIRECTION_OVERRIDES.sub("", unicodedata.normalize("NFC", text))
    spaced = "".join(" " if unicodedata.category(char) == "Cc" else char for char in plain)
    return _within(" ".join(spaced.split()), limit)


def check_storable(text: str) -> None:
    """PostgreSQL cannot hold NUL, and UTF-8 cannot hold half a surrogate pair. Raises: Refused ``bad_text``."""
    if UNSTORABLE.search(text):
        raise Refused("bad_text", _("The text contains characters that cannot be stored."))


def mask_email(address: str) -> str:
    """An address that its owner recognises and a stranger cannot use: ``wei@mail.example`` -> ``w•••@mail.example``."""
    name, at, domain = address.rpartition("@")
    if not at:
        return "•••"
    return f"{name[:1]}•••@{domain}"


def _within(text: str, limit: int) -> str:
    if not INVISIBLE.sub("", text).strip():
        raise Refused("empty", _("There is no text."))
    if len(text) > limit:
        raise Refused(
            "too_long",
            format_lazy(_("The text is longer than {limit} characters."), limit=limit),
            limit=limit,
            length=len(text),
        )
    return text

"""What may be uploaded, decided by content alone. Pure: bytes in, bytes that are safe to keep out.

Pictures are decoded and written anew, so that nothing but pixels is left of them. Text is searched for secrets. A PDF is
kept as it is and never shown in place. Everything else is refused: archives are never unpacked because none is taken.
"""

import io
import re
import threading
import unicodedata
import warnings
from dataclasses import dataclass, field
from typing import Final

import filetype
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from PIL import Image, ImageOps, UnidentifiedImageError

from core.errors import Refused, TooMany
from core.secrets import scrub

MAX_PIXELS: Final = 40_000_000
MAX_SIDE: Final = 16_383  # the most that WebP can hold
NAME_LIMIT: Final = 120
#: Pictures that are decoded at once in one process: 40 megapixels take 160 MB.
DECODERS: Final = threading.BoundedSemaphore(2)
DECODER_PATIENCE: Final = 20.0

#: Type by content -> endings that a name may have; the first is added to a name that has none of them.
ENDINGS: Final[dict[str, tuple[str, ...]]] = {
    "image/png": (".png",),
    "image/jpeg": (".jpg", ".jpeg"),
    "image/webp": (".webp",),
    "application/pdf": (".pdf",),
    "text/plain": (".txt", ".log"),
}
#: Picture format by content -> what is written: (Pillow's name, type). An animation keeps its first picture.
PICTURES: Final[dict[str, tuple[str, str, str]]] = {
    "image/png": ("PNG", "PNG", "image/png"),
    "image/jpeg": ("JPEG", "JPEG", "image/jpeg"),
    "image/gif": ("GIF", "PNG", "image/png"),
    "image/webp": ("WEBP", "WEBP", "image/webp"),
}
MARKUP: Final = re.compile(r"\s*<(?:!--|!doctype|\?xml|html|head|body|svg|script|iframe|math|xsl)", re.IGNORECASE)
SEPARATORS: Final = re.compile(r"[/\\]")
# Besides all control and format characters (Cc, Cf: direction marks, zero-width), what file systems and shells read as more
# than a letter.
RISKY_IN_NAMES: Final = re.compile(r'[<>:"|?*\ufffe\uffff]')


@dataclass(frozen=True, slots=True)
class CheckedFile:
    """A file that may be stored. `content` is open: seal it, never log it."""

    name: str
    content_type: str
    content: bytes = field(repr=False)
    is_image: bool


def checked_file(name: str, content: bytes, limit: int) -> CheckedFile:
    """The file as it may be kept: named, typed by its content, pictures written anew.

    Raises: Refused ``file_empty``, ``file_too_large``, ``file_type``, ``image_damaged``, ``image_too_large``,
    ``secret_in_file``; TooMany while too many pictures are being decoded. Cost: a picture takes up to a few seconds.
    """
    if not content:
        raise Refused("file_empty", _("The file is empty."))
    if len(content) > limit:
        raise too_large(limit)
    kind = filetype.guess_mime(content)
    if kind in PICTURES:
        written, content_type = _rewritten_picture(content, kind)
        if len(written) > limit:
            raise too_large(limit)
        return CheckedFile(clean_name(name, content_type), content_type, written, is_image=True)
    if kind == "application/pdf":
        return CheckedFile(clean_name(name, kind), kind, content, is_image=False)
    _check_text(content)  # also decides what only begins like another type: a note that starts with "BM" is no bitmap
    return CheckedFile(clean_name(name, "text/plain"), "text/plain", content, is_image=False)


def clean_name(name: str, content_type: str) -> str:
    """A name that can be shown and saved anywhere: no path, no invisible or direction characters, an ending that fits.

    ``../../photo\\u202egnp.exe`` with a picture inside becomes ``photognp.exe.png``.
    """
    last = SEPARATORS.split(unicodedata.normalize("NFC", name))[-1]
    visible = "".join(
        char for char in last if unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    )
    plain = " ".join(RISKY_IN_NAMES.sub("_", visible).split()).strip(" .")
    endings = ENDINGS[content_type]
    stem, ending = _split_ending(plain or "file", endings)
    return stem[: NAME_LIMIT - len(ending)].rstrip(" .") + ending


def too_large(limit: int) -> Refused:
    """The refusal of a file above the limit, also for edges that see the size before the content."""
    return Refused(
        "file_too_large",
        format_lazy(_("The file is larger than {limit} MB."), limit=round(limit / 1_048_576, 1)),
        limit=limit,
    )


def _split_ending(name: str, endings: tuple[str, ...]) -> tuple[str, str]:
    for ending in endings:
        if name.lower().endswith(ending) and len(name) > len(ending):
            return name[: -len(ending)], ending
    return name, endings[0]


def _rewritten_picture(content: bytes, kind: str) -> tuple[bytes, str]:
    if not DECODERS.acquire(timeout=DECODER_PATIENCE):
        raise TooMany("busy", _("Too many pictures are being processed. Please try again."), retry_after=10)
    try:
        return _decode_and_encode(content, *PICTURES[kind])
    finally:
        DECODERS.release()


def _decode_and_encode(content: bytes, read_as: str, write_as: str, content_type: str) -> tuple[bytes, str]:
    """Verify, decode, turn upright, encode. Metadata, profiles, text chunks and whatever is appended are left behind."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=[read_as]) as seen:
                _check_area(*seen.size)
                seen.verify()
            with Image.open(io.BytesIO(content), formats=[read_as]) as picture:
                upright = ImageOps.exif_transpose(picture)
                return _encoded(_plain_mode(upright, write_as), write_as), content_type
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _area_refused() from None
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError, IndexError, TypeError, KeyError):
        raise Refused("image_damaged", _("The picture cannot be read. It may be damaged.")) from None


def _plain_mode(picture: Image.Image, write_as: str) -> Image.Image:
    has_alpha = write_as != "JPEG" and ("A" in picture.getbands() or "transparency" in picture.info)
    return picture.convert("RGBA" if has_alpha else "RGB")


def _encoded(picture: Image.Image, write_as: str) -> bytes:
    clean = Image.new(picture.mode, picture.size)  # a fresh canvas: `info` of the source has no way into the file
    clean.paste(picture)
    out = io.BytesIO()
    if write_as == "PNG":
        clean.save(out, "PNG")
    else:
        clean.save(out, write_as, quality=88)
    return out.getvalue()


def _check_area(width: int, height: int) -> None:
    if width * height > MAX_PIXELS or max(width, height) > MAX_SIDE:
        raise _area_refused()


def _check_text(content: bytes) -> None:
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        raise _type_refused() from None
    if any(unicodedata.category(char) == "Cc" and char not in "\t\n\r\f" for char in text):
        raise _type_refused()
    if MARKUP.match(text.removeprefix("\ufeff")):
        raise _type_refused()
    if kinds := scrub(text).kinds:
        raise Refused(
            "secret_in_file",
            _("The file contains a secret, such as a seed phrase or a private key. Never share it, also not with us."),
            kinds=list(kinds),
        )


def _type_refused() -> Refused:
    return Refused("file_type", _("Files of this type are not taken. Send a picture, a PDF or plain text."))


def _area_refused() -> Refused:
    return Refused("image_too_large", _("The picture has too many pixels."), limit=MAX_PIXELS)

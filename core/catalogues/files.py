"""The catalogue files: one `django.po` per language for people, one `django.mo` beside it for the program."""

from collections.abc import Callable, Iterable
from functools import lru_cache
from gettext import c2py
from pathlib import Path

import django
import polib  # type: ignore[import-untyped]

from core.catalogues.sources import Sentence

DJANGO_LOCALES = Path(django.__file__).parent / "conf" / "locale"
WIDTH = 110


def po_path(folder: Path, locale: str) -> Path:
    """Where the catalogue of a locale (`zh_Hans`, `pt_BR`) lives."""
    return folder / locale / "LC_MESSAGES" / "django.po"


@lru_cache
def plural_rule(locale: str) -> str:
    """The Plural-Forms line of a locale: Django's own, so that both catalogues count alike."""
    return str(polib.pofile(str(po_path(DJANGO_LOCALES, locale))).metadata["Plural-Forms"])


@lru_cache
def plural_count(locale: str) -> int:
    """How many plural forms a locale has."""
    return int(plural_rule(locale).partition("nplurals=")[2].partition(";")[0])


@lru_cache
def plural_form(locale: str) -> Callable[[int], int]:
    """The function from a number to its plural form in a locale."""
    rule: Callable[[int], int] = c2py(plural_rule(locale).partition("plural=")[2].rstrip("; "))
    return rule


def read(path: Path) -> polib.POFile:
    """The catalogue at `path`; an empty one if there is none yet."""
    return polib.pofile(str(path), wrapwidth=WIDTH) if path.exists() else polib.POFile(wrapwidth=WIDTH)


def merged(old: polib.POFile, sentences: Iterable[Sentence], locale: str) -> polib.POFile:
    """A catalogue of exactly these sentences that keeps what is translated already.

    A sentence that is gone leaves no trace; one whose plural appeared, went or changed is to be translated again.
    """
    known = {(entry.msgctxt or "", entry.msgid): entry for entry in old if not entry.obsolete}
    fresh = polib.POFile(wrapwidth=WIDTH)
    fresh.metadata = {
        "Project-Id-Version": "support-desk",
        "Language": locale,
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=UTF-8",
        "Content-Transfer-Encoding": "8bit",
        "Plural-Forms": plural_rule(locale),
    }
    for sentence in sentences:
        fresh.append(_entry(sentence, known.get(sentence.key), locale))
    return fresh


def _entry(sentence: Sentence, old: polib.POEntry | None, locale: str) -> polib.POEntry:
    entry = polib.POEntry(
        msgctxt=sentence.context or None,
        msgid=sentence.one,
        occurrences=[(place, "") for place in sentence.places],
        comment="\n".join(sentence.remarks),
        flags=["python-format"] if "%(" in sentence.one + (sentence.many or "") else [],
    )
    if sentence.many is not None:
        entry.msgid_plural = sentence.many
        entry.msgstr_plural = dict.fromkeys(range(plural_count(locale)), "")
    if old is not None and (old.msgid_plural or None) == sentence.many:
        entry.msgstr, entry.tcomment = old.msgstr, old.tcomment
        entry.msgstr_plural = entry.msgstr_plural and {n: old.msgstr_plural.get(n, "") for n in entry.msgstr_plural}
        entry.flags += ["fuzzy"] if old.fuzzy else []
    return entry


def text_of(catalogue: polib.POFile) -> str:
    """The catalogue as the text of its `.po` file: the same catalogue always gives the same text."""
    return f"{catalogue}\n"


def binary_of(catalogue: polib.POFile) -> bytes:
    """The catalogue as the bytes of its `.mo` file, without fuzzy and untranslated entries."""
    packed: bytes = catalogue.to_binary()
    return packed


def write_if_changed(path: Path, content: bytes) -> bool:
    """Write a file unless it holds this already; True if it did not."""
    if path.exists() and path.read_bytes() == content:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return True

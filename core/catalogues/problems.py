"""What is wrong with a catalogue: everything that would show a person the wrong words, or none."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import polib  # type: ignore[import-untyped]

from core.catalogues import files
from core.catalogues.sources import Sentence

NAMED = re.compile(r"%\((?P<name>[^)]*)\)[#0\- +]*\d*(?:\.\d+)?[diouxXeEfFgGcrsa]")
BRACED = re.compile(r"\{\w+(?:[!:][^{}]*)?\}")
POSITIONAL = re.compile(r"%[dsrf](?![a-z])|\{\}")
MARKUP = re.compile(r"</?[a-zA-Z][^<>]*>")
NUMBERS_TRIED = (*range(1001), 1_000_000)


@dataclass(frozen=True)
class Problem:
    """One finding, worded for the person who will mend it."""

    locale: str
    sentence: str
    what: str

    def __str__(self) -> str:
        return f"{self.locale}: {self.what}: {self.sentence!r}"


def placeholders(text: str) -> Counter[str]:
    """The named placeholders of a sentence, `%(name)s` and `{name}`, each with how often it stands there."""
    bare = text.replace("%%", "")
    return Counter(match.group() for match in (*NAMED.finditer(bare), *BRACED.finditer(bare)))


def faults_of_source(sentence: Sentence) -> list[str]:
    """What makes a sentence untranslatable: a placeholder without a name, or with one that is no identifier.

    A `%` that no placeholder follows ("a fee of 1 %") is no fault.
    """
    faults = []
    for text in filter(None, (sentence.one, sentence.many)):
        bare = text.replace("%%", "")
        if POSITIONAL.search(NAMED.sub("", bare)):
            faults.append("a placeholder has no name")
        if any(not match["name"].isidentifier() for match in NAMED.finditer(bare)):
            faults.append("the name of a placeholder is no identifier")
    return faults


def problems_of_entry(entry: polib.POEntry, locale: str) -> Iterator[Problem]:
    """The problems of one entry: untranslated, fuzzy, plural forms, placeholders, markup, line ends."""

    def problem(what: str) -> Problem:
        return Problem(locale, entry.msgid, what)

    if entry.fuzzy:
        yield problem("marked as fuzzy")
    if not entry.msgid_plural:
        yield from map(problem, _faults(entry.msgstr, [entry.msgid], is_exact=True))
        return
    if sorted(entry.msgstr_plural) != list(range(files.plural_count(locale))):
        yield problem(f"wants {files.plural_count(locale)} plural forms and has {len(entry.msgstr_plural)}")
    for form, text in sorted(entry.msgstr_plural.items()):
        is_exact = not _speaks_of_one_number(files.plural_form(locale), form)
        for fault in _faults(text, [entry.msgid, entry.msgid_plural], is_exact=is_exact):
            yield problem(f"plural form {form}: {fault}")


def _faults(text: str, sources: list[str], *, is_exact: bool) -> Iterator[str]:
    if not text.strip():
        yield "not translated"
        return
    wanted = placeholders(sources[0])
    for source in sources[1:]:
        wanted |= placeholders(source)
    missing, unknown = wanted - placeholders(text), placeholders(text) - wanted
    if unknown or missing.total() > (0 if is_exact else 1):
        yield f"placeholders differ: {', '.join(sorted((missing + unknown).elements()))}"
    if any("%%" in source or "%(" in source for source in sources) and "%" in NAMED.sub("", text.replace("%%", "")):
        yield "a single % wants doubling"
    if Counter(MARKUP.findall(text)) != Counter(MARKUP.findall(sources[-1])):
        yield "markup differs"
    if (text[0] == "\n", text[-1] == "\n") != (sources[0][0] == "\n", sources[0][-1] == "\n"):
        yield "line ends differ"


def _speaks_of_one_number(rule: Callable[[int], int], form: int) -> bool:
    """Whether a plural form serves a single number ("one message"), so that the number itself may be left out."""
    return sum(rule(number) == form for number in NUMBERS_TRIED) == 1


def problems_of(folder: Path, locale: str, sentences: list[Sentence]) -> list[Problem]:
    """Everything wrong with the catalogue of a locale: entries, header, and whether both files are up to date."""
    path = files.po_path(folder, locale)
    if not path.exists():
        return [Problem(locale, path.name, "no catalogue; run: manage.py translations collect")]
    catalogue = files.read(path)
    found = [problem for entry in catalogue for problem in problems_of_entry(entry, locale)]
    if catalogue.metadata.get("Plural-Forms") != files.plural_rule(locale):
        found.append(Problem(locale, "Plural-Forms", "differs from Django's"))
    if files.text_of(files.merged(catalogue, sentences, locale)) != path.read_text(encoding="utf-8"):
        found.append(Problem(locale, path.name, "out of date; run: manage.py translations collect"))
    binary = path.with_suffix(".mo")
    if not binary.exists() or binary.read_bytes() != files.binary_of(catalogue):
        found.append(Problem(locale, binary.name, "stale; run: manage.py translations compile"))
    return found

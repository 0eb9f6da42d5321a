"""Hands untranslated sentences out as plain JSON and takes the translations back."""

from typing import Any

import polib  # type: ignore[import-untyped]

from core.catalogues.problems import Problem, problems_of_entry


def untranslated(catalogue: polib.POFile) -> list[dict[str, Any]]:
    """What a translator has to fill in: `forms` holds one empty text, or one for each plural form."""
    return [
        {
            "context": entry.msgctxt or "",
            "one": entry.msgid,
            "many": entry.msgid_plural or None,
            "remarks": entry.comment,
            "places": [place for place, _line in entry.occurrences],
            "forms": list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr],
        }
        for entry in catalogue
        if not entry.obsolete and not entry.translated()
    ]


def filled(catalogue: polib.POFile, entries: list[dict[str, Any]], locale: str) -> list[Problem]:
    """Put translations into the catalogue; what is wrong with them, and then the catalogue is not fit to be written.

    Entries have the shape of `untranslated`; only `context`, `one` and `forms` are read. Repeat: harmless.
    """
    known = {(entry.msgctxt or "", entry.msgid): entry for entry in catalogue if not entry.obsolete}
    problems: list[Problem] = []
    for given in entries:
        entry = known.get((given.get("context") or "", given["one"]))
        if entry is None:
            problems.append(Problem(locale, given["one"], "no such sentence"))
            continue
        _take(entry, given["forms"])
        problems += problems_of_entry(entry, locale)
    return problems


def _take(entry: polib.POEntry, forms: list[str]) -> None:
    if entry.msgid_plural:
        entry.msgstr_plural = dict(enumerate(forms))
    else:
        entry.msgstr = forms[0] if len(forms) == 1 else ""
    entry.flags = [flag for flag in entry.flags if flag != "fuzzy"]

"""Finds the sentences that want translation, in Python modules and in templates."""

import ast
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from babel.messages.extract import extract
from django.utils.translation.template import templatize

# How each of Django's functions holds its sentence: (argument, "c") is the context, two numbers singular and plural.
ONE = (1,)
SEVERAL = (1, 2)
ONE_IN_CONTEXT = ((1, "c"), 2)
SEVERAL_IN_CONTEXT = ((1, "c"), 2, 3)
FUNCTIONS: dict[str, tuple[int | tuple[int, str], ...]] = {
    "gettext": ONE,
    "gettext_lazy": ONE,
    "gettext_noop": ONE,
    "ngettext": SEVERAL,
    "ngettext_lazy": SEVERAL,
    "pgettext": ONE_IN_CONTEXT,
    "pgettext_lazy": ONE_IN_CONTEXT,
    "npgettext": SEVERAL_IN_CONTEXT,
    "npgettext_lazy": SEVERAL_IN_CONTEXT,
}
TEMPLATE_SUFFIXES = frozenset({".html", ".txt"})
NOT_OURS = frozenset({"tests", "bench", "docs", "var", "static", "staticfiles", "node_modules", "migrations", "locale"})
REMARK = "Translators:"


@dataclass(frozen=True)
class Sentence:
    """One sentence as the source writes it; `many` is its plural, `places` are the files that say it."""

    context: str
    one: str
    many: str | None
    places: tuple[str, ...]
    remarks: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[str, str]:
        """What tells one sentence from another: gettext keeps a single entry per context and singular."""
        return self.context, self.one


def aliases(source: str) -> dict[str, tuple[int | tuple[int, str], ...]]:
    """The names under which a module knows Django's translation functions, `gettext as _` included."""
    known = dict(FUNCTIONS)
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.module == "django.utils.translation":
            known |= {
                name.asname: FUNCTIONS[name.name] for name in node.names if name.asname and name.name in FUNCTIONS
            }
    return known


def sentences_in_python(source: str, place: str) -> list[Sentence]:
    """The sentences of one Python module."""
    return list(_extracted(source, aliases(source), place))


def sentences_in_template(source: str, place: str) -> list[Sentence]:
    """The sentences of one template.

    Django turns its tags into gettext calls among blanked-out text; indentation is taken away because Babel reads the
    result as Python.
    """
    readable = "\n".join(line.strip() for line in templatize(source, origin=place).splitlines())
    return list(_extracted(readable, FUNCTIONS | {"_": ONE}, place))


def _extracted(source: str, keywords: dict[str, tuple[int | tuple[int, str], ...]], place: str) -> Iterator[Sentence]:
    found = extract(
        "python", io.BytesIO(source.encode()), keywords=keywords, comment_tags=(REMARK,), strip_comment_tags=True
    )
    for _line, words, remarks, context in found:
        one, many = (words, None) if isinstance(words, str) else (words[0], words[1])
        if one:
            yield Sentence(context or "", one, many, (place,), tuple(remarks))


def source_files(root: Path) -> Iterator[Path]:
    """Every Python module and template of the project below `root`, in a fixed order."""
    for path in sorted(root.iterdir()):
        if path.name.startswith(".") or path.name in NOT_OURS:
            continue
        if path.is_dir():
            yield from source_files(path)
        elif path.suffix == ".py" or (path.suffix in TEMPLATE_SUFFIXES and "templates" in path.parts):
            yield path


def collect(root: Path) -> list[Sentence]:
    """All sentences below `root`, each once, sorted, with every file that says it."""
    found: dict[tuple[str, str], Sentence] = {}
    for path in source_files(root):
        read = sentences_in_python if path.suffix == ".py" else sentences_in_template
        for sentence in read(path.read_text(encoding="utf-8"), path.relative_to(root).as_posix()):
            found[sentence.key] = _joined(found.get(sentence.key), sentence)
    return [found[key] for key in sorted(found)]


def _joined(known: Sentence | None, new: Sentence) -> Sentence:
    if known is None:
        return new
    places = tuple(dict.fromkeys(known.places + new.places))
    remarks = tuple(dict.fromkeys(known.remarks + new.remarks))
    return Sentence(known.context, known.one, known.many or new.many, places, remarks)

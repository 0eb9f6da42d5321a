"""Sentences for people are written out where they are translated, so that the catalogues can find them."""

import ast
from collections.abc import Iterator

import pytest

from core.catalogues.sources import FUNCTIONS, aliases
from tests.architecture.source import Module, broken, calls, holds_for


def unreadable_sentences(module: Module) -> Iterator[str]:
    for name in _translators(module):
        wanted = sum(isinstance(argument, int) for argument in FUNCTIONS[_translators(module)[name]])
        in_context = "pgettext" in _translators(module)[name]
        for call in calls(module.tree, name):
            written = call.args[: wanted + in_context]
            if not written or not all(_is_literal(argument) for argument in written):
                yield f"line {call.lineno}: {name}( wants its sentence written out"


def _translators(module: Module) -> dict[str, str]:
    """The local names of Django's translation functions, each with its real name."""
    found: dict[str, str] = {}
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ImportFrom) and node.module == "django.utils.translation":
            found |= {name.asname or name.name: name.name for name in node.names if name.name in FUNCTIONS}
    return found


def _is_literal(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def test_every_sentence_is_written_out():
    assert broken(unreadable_sentences) == []


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ('_("Hello %(name)s") % {"name": name}', True),
        ('_("Hello " "there")', True),
        ('_(f"Hello {name}")', False),
        ('_("Hello %s" % name)', False),
        ("_(message)", False),
        ('_("Hello " + name)', False),
    ],
)
def test_the_rule_of_sentences_can_fail(text, kept):
    source = f"from django.utils.translation import gettext as _\nx = {text}\n"
    assert "_" in aliases(source)
    assert holds_for(unreadable_sentences, source) is kept


@pytest.mark.parametrize(
    ("text", "kept"),
    [('ngettext("a", "b", n)', True), ('ngettext("a", words, n)', False), ('ngettext(one, "b", n)', False)],
)
def test_plurals_are_written_out_too(text, kept):
    assert holds_for(unreadable_sentences, f"from django.utils.translation import ngettext\nx = {text}\n") is kept

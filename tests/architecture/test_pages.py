"""Pages carry no inline script or style, and nothing is declared safe that a person could have written."""

import re
from collections.abc import Iterator

import pytest

from tests.architecture.source import PACKAGES, ROOT, Module, broken, calls, files, holds_for

INLINE = {
    "an inline script": re.compile(
        r"<script\b(?![^>]*\bsrc=)(?![^>]*\btype=[\"']application/(ld\+)?json)", re.IGNORECASE
    ),
    "an inline style sheet": re.compile(r"<style\b", re.IGNORECASE),
    "a style attribute": re.compile(r"<[^>{]*\sstyle\s*=", re.IGNORECASE),
    "an event attribute": re.compile(r"<[^>{]*\son[a-z]+\s*=", re.IGNORECASE),
    "a script address": re.compile(r"javascript:", re.IGNORECASE),
    "escaping switched off": re.compile(r"\|\s*safe(seq)?\b|\bautoescape\s+off\b"),
}
SAFE_TEMPLATES: dict[str, str] = {}
SAFE_MODULES: dict[str, str] = {}


def faults_of_page(text: str) -> list[str]:
    """What a template may not hold."""
    return [fault for fault, pattern in INLINE.items() if pattern.search(text)]


def declared_safe(module: Module) -> Iterator[str]:
    for name in ("mark_safe", "SafeString", "SafeText"):
        for call in calls(module.tree, name):
            yield f"line {call.lineno}: {name}"


def test_templates_hold_no_inline_code():
    pages = files(*PACKAGES, "templates", suffixes=(".html",))
    found = {path.relative_to(ROOT).as_posix(): faults_of_page(path.read_text(encoding="utf-8")) for path in pages}
    assert {path: faults for path, faults in found.items() if faults and path not in SAFE_TEMPLATES} == {}


def test_modules_declare_nothing_safe():
    assert broken(declared_safe, but=SAFE_MODULES) == []


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ('<script type="module" src="{% static \'a.js\' %}"></script>', []),
        ('<script id="x" type="application/json">{}</script>', []),
        ("<script>f()</script>", ["an inline script"]),
        ('<script nonce="{{ n }}">f()</script>', ["an inline script"]),
        ("<style>a{}</style>", ["an inline style sheet"]),
        ('<p class="a" style="color:red">', ["a style attribute"]),
        ('<link rel="stylesheet" href="a.css">', []),
        ('<button type="button" onclick="f()">', ["an event attribute"]),
        ('<a href="javascript:f()">', ["a script address"]),
        ("{{ body|safe }}", ["escaping switched off"]),
        ("{% autoescape off %}", ["escaping switched off"]),
        ('<p data-style="x" data-on="y">safe on = off</p>', []),
    ],
)
def test_the_rules_of_templates_can_fail(text, faults):
    assert faults_of_page(text) == faults


def test_the_rule_of_safe_text_can_fail():
    assert not holds_for(declared_safe, "mark_safe(text)\n")
    assert not holds_for(declared_safe, "safestring.mark_safe(text)\n")
    assert holds_for(declared_safe, "format_html('<b>{}</b>', text)\n")

"""Templates say nothing that is not translated: no bare words between tags, none in attributes that people read."""

import re

import pytest
from django.template.base import Lexer, TokenType

from tests.architecture.source import PACKAGES, ROOT, files

READ_ATTRIBUTES = re.compile(r"\b(?:title|alt|placeholder|aria-label|aria-description|label|content)=\"([^\"]*)\"")
MACHINE_META = re.compile(r"<meta\b[^>]*>")
TAG = re.compile(r"<[^>]*>", re.DOTALL)
WORD = re.compile(r"[^\W\d_]{2,}")
CLASS_BLOCK = re.compile(r"\{% block \w*class\w* %\}.*?\{% endblock[^%]*%\}")
# Keys as they are printed on keyboards, and what the invented exchange is called and counts in.
SHOWN_AS_IT_IS = frozenset({"Ctrl", "Enter", "Esc", "Shift", "Larkfield", "USD"})


def bare_words(source: str) -> list[str]:
    """The words of a template that no translation tag covers."""
    text, in_sentence = [], False
    for token in Lexer(CLASS_BLOCK.sub("", source)).tokenize():
        name = token.contents.split(" ")[0]
        if token.token_type == TokenType.BLOCK and name in ("blocktranslate", "comment"):
            in_sentence = True
        elif token.token_type == TokenType.BLOCK and name in ("endblocktranslate", "endcomment"):
            in_sentence = False
        elif token.token_type == TokenType.TEXT and not in_sentence:
            text.append(token.contents)
        else:
            text.append(" " if token.token_type == TokenType.VAR else "")
    html = re.sub(r"&\w+;", " ", MACHINE_META.sub("", "".join(text)))
    html = re.sub(r"<(script|svg)\b.*?</\1>", "", html, flags=re.DOTALL)
    attributes = " ".join(READ_ATTRIBUTES.findall(html))
    return WORD.findall(TAG.sub(" ", html)) + WORD.findall(attributes)


def test_templates_say_nothing_untranslated():
    found = {}
    for path in files(*PACKAGES, "templates", suffixes=(".html",)):
        name = path.relative_to(ROOT).as_posix()
        words = [word for word in bare_words(path.read_text(encoding="utf-8")) if word not in SHOWN_AS_IT_IS]
        if words:
            found[name] = words
    assert found == {}


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("<p>{% translate 'Hello there' %}</p>", []),
        ("<p class='big red'>{{ name }} {% blocktranslate %}Hello <b>you</b>{% endblocktranslate %}</p>", []),
        ("{% comment %}Only for us{% endcomment %}{# nor this #}", []),
        ("<p>&nbsp;·&rarr; 12</p>", []),
        ("{% block body_class %}console{% endblock %}<kbd>Esc</kbd>", ["Esc"]),
        ("{% block title %}Console{% endblock %}", ["Console"]),
        ("<p>Hello {{ name }}</p>", ["Hello"]),
        ('<img alt="A dog">', ["dog"]),
        ('<button aria-label="{% translate \'Close\' %}" type="button"></button>', []),
        ('<meta name="viewport" content="width=device-width">', []),
    ],
)
def test_the_rule_of_bare_words_can_fail(source, words):
    assert bare_words(source) == words

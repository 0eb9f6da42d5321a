import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import Refused
from core.text import clean_body, clean_line, mask_email


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("hello", "hello"),
        ("hello \n\t\n ", "hello"),
        ("  indented\n\nlines  \nstay", "  indented\n\nlines  \nstay"),
        ("a\r\nb\rc\u2028d", "a\nb\nc\nd"),
        ("👩‍👩‍👧 مرحبا\u200f", "👩‍👩‍👧 مرحبا\u200f"),
        ("x" * 5000, "x" * 5000),
    ],
)
def test_a_body_keeps_what_its_writer_wrote(text, clean):
    assert clean_body(text) == clean


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "empty"), (" \n\t ", "empty"), ("\u200b\u2060\ufeff", "empty"), ("\u3164", "empty"), ("\u202e", "empty"),
        ("a\x00b", "bad_text"), ("\ud800", "bad_text"), ("a\udfffb", "bad_text"), ("x" * 5001, "too_long"),
    ],
)  # fmt: skip
def test_a_body_is_refused_for_its_reason(text, code):
    with pytest.raises(Refused) as refused:
        clean_body(text)
    assert refused.value.code == code


def test_the_refusal_of_a_long_text_names_the_limit():
    with pytest.raises(Refused) as refused:
        clean_body("x" * 12, limit=10)
    assert refused.value.facts == {"limit": 10, "length": 12}
    assert refused.value.message == "The text is longer than 10 characters."


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("  Wei   Chen ", "Wei Chen"),
        ("a\nb\tc\x07d\x1be", "a b c d e"),
        ("Support\u202egnp.exe", "Supportgnp.exe"),
        ("Cafe\u0301", "Café"),
    ],
)
def test_a_line_is_one_line(text, clean):
    assert clean_line(text, 80) == clean


@pytest.mark.parametrize(("text", "code"), [("\n\n", "empty"), ("x" * 81, "too_long"), ("\x00", "bad_text")])
def test_a_line_is_refused_for_its_reason(text, code):
    with pytest.raises(Refused) as refused:
        clean_line(text, 80)
    assert refused.value.code == code


@given(st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=200))
def test_cleaning_twice_is_cleaning_once(text):
    body, line = clean_body(f"x{text}"), clean_line(f"x{text}", 5000)
    assert (clean_body(body), clean_line(line, 5000)) == (body, line)
    assert body.encode()
    assert "\n" not in line


@pytest.mark.parametrize(
    ("address", "masked"),
    [
        ("wei@mail.example", "w•••@mail.example"),
        ("a@b.example", "a•••@b.example"),
        ('"x@y"@z.example', '"•••@z.example'),
        ("@z.example", "•••@z.example"),
        ("nobody", "•••"),
        ("", "•••"),
    ],
)
def test_an_address_is_masked(address, masked):
    assert mask_email(address) == masked

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mnemonic import Mnemonic

from core.secrets import scrub

ENGLISH = Mnemonic("english")
SIZES = (16, 20, 24, 28, 32)
# The test vectors of BIP-39 itself.
PUBLISHED = [
    "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about",
    "legal winner thank year wave sausage worth useful legal winner thank yellow",
    "letter advice cage absurd amount doctor acoustic avoid letter advice cage absurd amount doctor acoustic avoid letter always",
    "zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo vote",
    (
        "hamster diagram private dutch cause delay private meat slide toddler razor book happy fancy gospel tennis maple dilemma"
        " loan word shrug inflict delay length"
    ),
]
phrases = st.sampled_from(SIZES).flatmap(lambda size: st.binary(min_size=size, max_size=size)).map(ENGLISH.to_mnemonic)


def numbered(words, mark):
    return "\n".join(f"{number}{mark} {word}" for number, word in enumerate(words, 1))


WRITTEN = {
    "plain": " ".join,
    "upper": lambda words: " ".join(words).upper(),
    "title": lambda words: " ".join(words).title(),
    "spaces": "   ".join,
    "lines": "\n".join,
    "windows lines": "\r\n".join,
    "tabs": "\t".join,
    "commas": ", ".join,
    "tight commas": ",".join,
    "full-width commas": "，".join,
    "dashes": " - ".join,
    "underscores": "_".join,
    "numbered": lambda words: numbered(words, "."),
    "numbered in a line": lambda words: " ".join(f"{number}. {word}" for number, word in enumerate(words, 1)),
    "numbered tightly": lambda words: "".join(f"{number}.{word}" for number, word in enumerate(words, 1)),
    "brackets": lambda words: numbered(words, ")"),
    "quoted": lambda words: '["' + '", "'.join(words) + '"]',
    "Chinese labels": lambda words: " ".join(f"第{number}个 {word}" for number, word in enumerate(words, 1)),
    "zero width": lambda words: " ".join(f"{word[0]}\u200b{word[1:]}" for word in words),
    "full-width letters": lambda words: " ".join("".join(chr(ord(char) + 0xFEE0) for char in word) for word in words),
}


@pytest.mark.parametrize("phrase", PUBLISHED)
def test_the_published_phrases_are_removed(phrase):
    assert scrub(phrase) == scrub(phrase.upper())
    assert (scrub(phrase).text, scrub(phrase).kinds) == ("[removed: seed_phrase]", ("seed_phrase",))


@pytest.mark.parametrize("way", WRITTEN)
@given(phrase=phrases)
def test_a_phrase_is_found_however_it_is_written(way, phrase):
    words = phrase.split()
    found = scrub(f"Mine: {WRITTEN[way](words)} !! thx")
    assert found.kinds == ("seed_phrase",)
    assert found.text.startswith("Mine: ")
    assert found.text.endswith(" !! thx")
    left = re.findall("[a-z]+", found.text.lower())
    assert not set(pairwise(words)) & set(pairwise(left)), found.text


@given(phrases, st.integers(0, 30), st.integers(0, 30))
def test_a_phrase_is_found_between_other_words_of_the_list(phrase, before, after):
    found = scrub(" ".join(["zebra"] * before + [phrase] + ["army"] * after))
    assert "seed_phrase" in found.kinds
    assert phrase not in found.text


@given(phrases, st.integers(0, 40_000))
def test_a_phrase_is_found_anywhere_in_a_long_text(phrase, place):
    text = "lorem ipsum. " * 4000
    found = scrub(text[:place] + " " + phrase + " " + text[place:])
    assert found.kinds == ("seed_phrase",)
    assert found.text == text[:place] + " [removed: seed_phrase] " + text[place:]


@given(phrases)
def test_a_phrase_beside_other_writing_is_found(phrase):
    assert scrub(f"助记词：{phrase}谢谢").text == "助记词：[removed: seed_phrase]谢谢"
    assert scrub(f"عبارة الاسترداد: {phrase}").text == "عبارة الاسترداد: [removed: seed_phrase]"


@pytest.mark.parametrize(
    "text",
    [
        "I will just wait about ten minutes then only use that phone to call you when you can open this again",
        "Please help: my account is frozen and I cannot withdraw, what can you do about it today?",
        "abandon ability able about above absent absorb abstract absurd abuse access",  # eleven
        "legal winner thank year wave sausage worth useful legal winner thank year",  # no checksum
        "abandon abandon abandon abandon abandon abandon abandon and abandon abandon abandon abandon abandon about",
        "order trade coin token swap market price limit stop maker fee",
        "zoo " * 11,
    ],
)
def test_ordinary_sentences_stay(text):
    assert (scrub(text).text, scrub(text).kinds) == (text, ())

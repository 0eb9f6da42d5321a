"""Recovery phrases of wallets: BIP-39 word lists with their checksum."""

import re
from collections.abc import Iterator
from functools import cache
from hashlib import sha256

from mnemonic import Mnemonic

from core.secrets.reading import Budget, Reading, Span

KIND = "seed_phrase"
LENGTHS = (12, 15, 18, 21, 24)
WORD = re.compile(r"[A-Za-z]+")
#: What may stand between two words: blanks, line ends, commas, "2.", "第二个", but not half a page.
WIDEST_GAP = 32

Word = tuple[int, int, int]  # place in the list, start, end


def find_phrases(reading: Reading, budget: Budget) -> Iterator[Span]:
    """Every run of list words that holds a valid phrase (BIP-39: entropy and checksum), wherever in the run it begins.

    Fewer than 12 list words in a row, and rows without a valid checksum, are ordinary language.
    """
    for run in _runs(reading.text):
        yield from _phrases_in(run, reading, budget)


def _runs(text: str) -> Iterator[list[Word]]:
    """Uninterrupted rows of list words, of at least the shortest length."""
    known = _places()
    run: list[Word] = []
    for found in WORD.finditer(text):
        place = known.get(found[0].lower())
        if run and (place is None or found.start() - run[-1][2] > WIDEST_GAP):
            if len(run) >= LENGTHS[0]:
                yield run
            run = []
        if place is not None:
            run.append((place, found.start(), found.end()))
    if len(run) >= LENGTHS[0]:
        yield run


def _phrases_in(run: list[Word], reading: Reading, budget: Budget) -> Iterator[Span]:
    """Slides a window of each length over the run; its 11-bit places are kept as one number."""
    for length in LENGTHS:
        mask = (1 << 11 * length) - 1
        bits = 0
        for last, (place, _start, end) in enumerate(run):
            bits = (bits << 11 | place) & mask
            if last % 256 == 0:
                budget.check()
            if last + 1 >= length and _has_checksum(bits, length):
                yield reading.span(run[last + 1 - length][1], end, KIND)


def _has_checksum(bits: int, length: int) -> bool:
    """BIP-39: one bit of SHA-256 of the entropy for every three words, at the end."""
    checksum_bits = length // 3
    entropy = (bits >> checksum_bits).to_bytes(length * 4 // 3, "big")
    return bits & ((1 << checksum_bits) - 1) == sha256(entropy).digest()[0] >> (8 - checksum_bits)


@cache
def _places() -> dict[str, int]:
    return {word: place for place, word in enumerate(Mnemonic("english").wordlist)}

"""Private keys in their usual written forms: WIF, extended keys (BIP-32 and SLIP-132), PEM."""

import re
from collections.abc import Iterator

import base58

from core.secrets.reading import Budget, Reading, Span

KIND = "private_key"
BASE58 = "[1-9A-HJ-NP-Za-km-z]"
#: 51 or 52 characters; the look-ahead finds keys that are glued to other text.
WIF = re.compile(f"(?=([5KL9c]{BASE58}{{50}})({BASE58}?))")
WIF_VERSIONS = frozenset({0x80, 0xEF})
#: 111 characters; one that lost its end still gives the key away, so the shape counts and not the checksum.
#: xpub and its kin are kept.
EXTENDED = re.compile(f"[xyztuvYZUV]prv{BASE58}{{80,107}}")
DASHES = "[-\u2010-\u2015\u2212]{2,10}"
PEM_EDGE = re.compile(rf"{DASHES} ?(BEGIN|END) [A-Z0-9 ]{{0,40}}?PRIVATE KEY(?: BLOCK)? ?(?:{DASHES})?")
#: What is masked after a beginning without an end: everything that could belong to the key.
PEM_REST = re.compile(r"[A-Za-z0-9+/=\s:,-]*")


def find_private_keys(reading: Reading, budget: Budget) -> Iterator[Span]:
    """WIF by its checksum, extended keys by their shape."""
    for found in EXTENDED.finditer(reading.text):
        yield reading.span(found.start(), found.end(), KIND)
    for found in WIF.finditer(reading.text):
        budget.check()
        short, more = found[1], found[2]
        for key in (short + more, short):
            if _is_wif(key):
                yield reading.span(found.start(), found.start() + len(key), KIND)
                break


def costly_places(text: str) -> Iterator[int]:
    """Where a key may begin that only its checksum can rule out: about 30 microseconds each."""
    return (found.start() for found in WIF.finditer(text))


def find_pem(reading: Reading) -> Iterator[Span]:
    """PEM private keys from their first line to their last; reads the whole text at once, for keys are long."""
    begun: re.Match[str] | None = None
    for edge in PEM_EDGE.finditer(reading.text):
        if edge[1] == "BEGIN":
            if begun:
                yield _unfinished(reading, begun)
            begun = edge
        elif begun:
            yield reading.span(begun.start(), edge.end(), KIND)
            begun = None
    if begun:
        yield _unfinished(reading, begun)


def _unfinished(reading: Reading, begun: re.Match[str]) -> Span:
    rest = PEM_REST.match(reading.text, begun.end())
    return reading.span(begun.start(), rest.end() if rest else begun.end(), KIND)


def _is_wif(key: str) -> bool:
    try:
        payload = base58.b58decode_check(key)
    except ValueError:
        return False
    if payload[0] not in WIF_VERSIONS:
        return False
    return len(payload) == 33 or (len(payload) == 34 and payload[33] == 1)

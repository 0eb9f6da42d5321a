"""One pass over a text: every detector, one mask for each secret."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from core.secrets.cards import find_cards
from core.secrets.phrases import find_phrases
from core.secrets.private_keys import costly_places, find_pem, find_private_keys
from core.secrets.reading import Budget, Reading, Span, TookTooLong, read

WINDOW = 16_384
#: Longer than any secret that is looked for by windows, so that none is cut in two.
OVERLAP = 2_048
#: What an event loop may look through itself: characters, and checksums to compute.
SOON_LENGTH, SOON_PLACES = 500, 8
UNCHECKED = "unchecked"

Detector = Callable[[Reading, Budget], Iterable[Span]]
DETECTORS: tuple[Detector, ...] = (find_phrases, find_private_keys, find_cards)


@dataclass(frozen=True, slots=True)
class Scrubbed:
    """A text that may be stored, and the kinds of what was taken out, in the order of their first appearance."""

    text: str
    kinds: tuple[str, ...] = ()


def scrub(text: str, detectors: tuple[Detector, ...] = DETECTORS) -> Scrubbed:
    """Replace each secret by ``[removed: kind]``: seed_phrase, private_key, card_number.

    Fails closed: a text whose reading twice costs more than 100 ms of processor time per 16 KB is removed as a whole
    (kind ``unchecked``). Twice, because a collection of garbage that falls into a reading counts as its cost.
    Repeat: scrubbing what was scrubbed changes nothing.
    Cost: linear; pure, so it is done where the text comes in.
    """
    try:
        spans = _spans(text, detectors)
    except TookTooLong:
        try:
            spans = _spans(text, detectors)
        except TookTooLong:
            return Scrubbed(_mask(UNCHECKED), (UNCHECKED,))
    if not spans:
        return Scrubbed(text)
    return _masked(text, list(_merged(spans)))


def is_soon_read(text: str) -> bool:
    """Whether `scrub` takes well under a millisecond; anything else belongs into a thread. Cost: some microseconds."""
    return (
        len(text) <= SOON_LENGTH
        and sum(1 for _ in islice(costly_places(read(text).text), SOON_PLACES + 1)) <= SOON_PLACES
    )


def _spans(text: str, detectors: tuple[Detector, ...]) -> list[Span]:
    return sorted({*_pem_spans(text), *_windowed_spans(text, detectors)})


def _pem_spans(text: str) -> Iterator[Span]:
    if "PRIVATE KEY" in text or not text.isascii():
        yield from find_pem(read(text))


def _windowed_spans(text: str, detectors: tuple[Detector, ...]) -> Iterator[Span]:
    for start in range(0, max(len(text) - OVERLAP, 1), WINDOW - OVERLAP):
        budget = Budget()
        reading = read(text, start, start + WINDOW)
        for detect in detectors:
            yield from detect(reading, budget)
            budget.check()


def _merged(spans: list[Span]) -> Iterator[Span]:
    """Overlapping finds become one, of the kind that begins first."""
    current = spans[0]
    for span in spans[1:]:
        if span.start < current.end:
            current = Span(current.start, max(current.end, span.end), current.kind)
        else:
            yield current
            current = span
    yield current


def _masked(text: str, spans: list[Span]) -> Scrubbed:
    parts: list[str] = []
    end = 0
    for span in spans:
        parts += (text[end : span.start], _mask(span.kind))
        end = span.end
    parts.append(text[end:])
    return Scrubbed("".join(parts), tuple(dict.fromkeys(span.kind for span in spans)))


def _mask(kind: str) -> str:
    return f"[removed: {kind}]"

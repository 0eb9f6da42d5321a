"""Numbers of payment cards: Luhn check digit (ISO/IEC 7812-1) and a range that an issuer uses."""

import re
from collections.abc import Iterator

from core.secrets.reading import Budget, Reading, Span

KIND = "card_number"
SHORTEST, LONGEST = 13, 19
#: Rows of digit groups with one blank or dash between them; not part of a word, an amount, a phone number or a
#: hexadecimal number.
ROW = re.compile(r"(?<![A-Za-z0-9_+])(?<!\d[.,])\d+(?:[ \u00a0-]\d+)*(?![A-Za-z0-9_])(?![.,]\d)")
GROUP = re.compile(r"\d+")
#: Words right before an undivided number that say what it is instead.
NAMED_OTHERWISE = re.compile(
    r"(?:order|ticket|reference|ref|invoice|transaction|tx|txid|trade|withdrawal|deposit|uid|id|订单|訂單|单号|編號|编号|pedido|commande"
    r"|заказ\w*|sipariş|đơn|注文|주문|طلب)[^0-9A-Za-z]{0,3}(?:number|num|no|nr|id|号|號|番号|번호)?[^0-9A-Za-z]{0,4}$",
    re.IGNORECASE,
)
IBAN_START = re.compile(r"[A-Z]{2}\d{2}[A-Z ]{0,6}$")
CONTEXT = 32

# First digits (from, to) -> lengths that the issuer gives out.
RANGES: tuple[tuple[str, str, frozenset[int]], ...] = (
    ("4", "4", frozenset({13, 16, 19})),  # Visa
    ("51", "55", frozenset({16})),  # Mastercard
    ("2221", "2720", frozenset({16})),  # Mastercard
    ("34", "34", frozenset({15})),  # American Express
    ("37", "37", frozenset({15})),  # American Express
    ("300", "305", frozenset({14, 16})),  # Diners Club
    ("36", "36", frozenset({14, 16, 19})),  # Diners Club
    ("38", "39", frozenset({14, 16})),  # Diners Club
    ("3528", "3589", frozenset({16, 17, 18, 19})),  # JCB
    ("6011", "6011", frozenset({16, 19})),  # Discover
    ("644", "649", frozenset({16, 19})),  # Discover
    ("65", "65", frozenset({16, 19})),  # Discover, RuPay, Troy
    ("60", "60", frozenset({16})),  # RuPay
    ("62", "62", frozenset({16, 17, 18, 19})),  # UnionPay
    ("81", "82", frozenset({16})),  # UnionPay, RuPay
    ("2200", "2204", frozenset({16, 17, 18, 19})),  # Mir
    ("9792", "9792", frozenset({16})),  # Troy
    ("5018", "5018", frozenset({13, 16, 19})),  # Maestro
    ("5020", "5020", frozenset({13, 16, 19})),  # Maestro
    ("5038", "5038", frozenset({13, 16, 19})),  # Maestro
    ("5060", "5061", frozenset({16, 18, 19})),  # Verve
    ("508", "508", frozenset({16})),  # RuPay
    ("6304", "6304", frozenset({16, 18, 19})),  # Maestro
    ("6759", "6763", frozenset({16, 18, 19})),  # Maestro
)


def find_cards(reading: Reading, budget: Budget) -> Iterator[Span]:
    """Card numbers written in one piece or in groups; whole groups only, so that a date before the number does no
    harm.
    """
    for row in ROW.finditer(reading.text):
        if row.end() - row.start() < SHORTEST:
            continue
        groups = [(found.start(), found.end()) for found in GROUP.finditer(reading.text, row.start(), row.end())]
        first = 0
        while first < len(groups):
            budget.check()
            last = _card_from(reading.text, groups, first)
            if last is None:
                first += 1
            else:
                yield reading.span(groups[first][0], groups[last][1], KIND)
                first = last + 1


def is_card(digits: str) -> bool:
    """Whether some issuer could have given out this number. Pure."""
    return _has_issuer(digits) and _passes_luhn(digits)


def _card_from(text: str, groups: list[tuple[int, int]], first: int) -> int | None:
    """The last group of the longest card number that begins with this group."""
    digits, best = "", None
    for last in range(first, min(first + LONGEST, len(groups))):
        digits += text[groups[last][0] : groups[last][1]]
        if len(digits) > LONGEST:
            break
        if len(digits) >= SHORTEST and _is_written_as_card(text, groups[first : last + 1]) and is_card(digits):
            best = last
    return best


def _is_written_as_card(text: str, groups: list[tuple[int, int]]) -> bool:
    """In one piece and not named as something else; or in groups as people write cards: fours first, or digit by
    digit.
    """
    start = groups[0][0]
    before = text[max(0, start - CONTEXT) : start]
    if len(groups) == 1:
        return not NAMED_OTHERWISE.search(before)
    if IBAN_START.search(before):
        return False
    sizes = [end - begin for begin, end in groups]
    return (sizes[0] == 4 and max(sizes) <= 7) or len(set(sizes[:-1])) == 1


def _has_issuer(digits: str) -> bool:
    return any(len(digits) in lengths and low <= digits[: len(low)] <= high for low, high, lengths in RANGES)


def _passes_luhn(digits: str) -> bool:
    if len(set(digits)) == 1:
        return False
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0

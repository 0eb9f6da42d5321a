"""Which messages the event loop may look through itself."""

from time import process_time
from uuid import uuid4

import pytest

from chat.drafts import is_quick
from core.secrets import scrub
from core.secrets.scrubbing import SOON_LENGTH


@pytest.mark.parametrize(
    ("body", "attachments", "expected"),
    [
        ("where is my withdrawal?", [], True),
        ("提现一直没有到账,请帮我看看是怎么回事", [], True),
        ("word " * (SOON_LENGTH // 5), [], True),
        ("word " * (SOON_LENGTH // 5) + ".", [], False),
        ("see the picture", [uuid4()], False),
        ("5K" * 40, [], False),
        ("x" * 300, [], True),
        ("https://exchange.example/orders/4711?page=2", [], True),
    ],
)
def test_only_short_words_are_quick(body, attachments, expected):
    assert is_quick(body, attachments) is expected


@pytest.mark.parametrize("part", ["5K", "K", "KL5", "５Ｋ", "4-1 ", "4 1 ", "zoo abandon ", "xprv", "ab"])
def test_what_is_quick_does_not_hold_up_the_loop(part):
    body = (part * SOON_LENGTH)[:SOON_LENGTH]
    while not is_quick(body, []) and len(body) > 1:
        body = body[: len(body) // 2]
    started = process_time()
    scrub(body)
    assert process_time() - started < 0.05

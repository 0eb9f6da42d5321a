import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.secrets import scrub
from core.secrets.cards import is_card

MASK = "[removed: card_number]"
# Numbers that issuers and payment services publish for tests.
PUBLISHED = [
    "4111111111111111", "4012888888881881", "4222222222222", "5555555555554444", "5105105105105100", "2223003122003222",
    "378282246310005", "371449635398431", "30569309025904", "38520000023237", "6011111111111117", "3530111333300000",
    "6200000000000005", "2200000000000053", "4000000000000000006",
]  # fmt: skip


@pytest.mark.parametrize("number", PUBLISHED)
def test_published_numbers_are_removed(number):
    assert is_card(number)
    assert scrub(f"card {number} exp 12/30").text == f"card {MASK} exp 12/30"
    assert scrub(f"卡号{number}，谢谢").text == f"卡号{MASK}，谢谢"


@pytest.mark.parametrize(
    "written",
    [
        "4111 1111 1111 1111", "4111-1111-1111-1111", "4111\u00a01111\u00a01111\u00a01111", "3782 822463 10005",
        "3056 930902 5904", "4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1", "41 11 11 11 11 11 11 11", "４１１１１１１１１１１１１１１１",
        "٤١١١ ١١١١ ١١١١ ١١١١", "4000 0000 0000 0000 006", "4111\u200b1111\u200b1111\u200b1111",
    ],
)  # fmt: skip
def test_numbers_are_found_as_people_write_them(written):
    assert scrub(f"a {written} b").text == f"a {MASK} b"


def test_what_stands_beside_a_number_stays():
    assert scrub("2026-01-15 4111 1111 1111 1111 123").text == f"2026-01-15 {MASK} 123"
    assert scrub("4111111111111111, 5555555555554444.").text == f"{MASK}, {MASK}."


@pytest.mark.parametrize("number", PUBLISHED)
@given(place=st.integers(0, 12), change=st.integers(1, 9))
def test_a_changed_digit_is_no_card(number, place, change):
    wrong = number[:place] + str((int(number[place]) + change) % 10) + number[place + 1 :]
    assert not is_card(wrong)
    assert scrub(wrong).text == wrong


@pytest.mark.parametrize(
    "text",
    [
        "order 4111111111111111", "Order no. 5555555555554444", "订单号 4012888888881881", "withdrawal id: 4111111111111111",
        "tx 6011111111111117", "0.4111111111111111 BTC", "4111111111111111.50 USDT", "+4111111111111111", "1763646400000",
        "0x4111111111111111", "a4111111111111111", "4111111111111111b", "1111111111111111", "0000000000000000",
        "9999 9999 9999 9999", "41111111111111111111", "DE89 3704 0044 0532 0130 00", "2026-11-20 13:48:09", "1 000 000 000 000",
        "123456789012345678", "call +49 151 2345 6789",
    ],
)  # fmt: skip
def test_orders_amounts_times_and_phone_numbers_stay(text):
    assert (scrub(text).text, scrub(text).kinds) == (text, ())


def test_few_random_numbers_look_like_cards():
    """Order numbers without a word beside them: about one in thirty of 16 random digits is masked."""
    numbers = [str(10**15 + (k * 7_919_003_123_457) % (9 * 10**15)) for k in range(4000)]
    assert sum(scrub(number).text != number for number in numbers) <= 160

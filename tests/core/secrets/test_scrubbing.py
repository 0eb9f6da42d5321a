import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.secrets import Scrubbed, scrub
from core.secrets.reading import Budget, Reading, Span, TookTooLong, read

PHRASE = "legal winner thank year wave sausage worth useful legal winner thank yellow"
CARD = "4111 1111 1111 1111"


def test_a_text_without_secrets_is_the_same_text():
    assert scrub("Hello, where is my deposit?") == Scrubbed("Hello, where is my deposit?", ())
    assert scrub("") == Scrubbed("", ())


def test_several_secrets_are_told_once_per_kind_in_order():
    found = scrub(f"a {CARD} b {PHRASE} c {CARD} d")
    assert found.text == "a [removed: card_number] b [removed: seed_phrase] c [removed: card_number] d"
    assert found.kinds == ("card_number", "seed_phrase")


@settings(max_examples=300)
@given(st.text(max_size=300))
def test_any_text_can_be_read_and_scrubbing_twice_is_scrubbing_once(text):
    once = scrub(text)
    assert scrub(once.text).text == once.text


@given(st.text(max_size=60), st.text(max_size=60), st.sampled_from([PHRASE, CARD]))
def test_no_surroundings_of_blanks_and_signs_hide_a_secret(before, after, secret):
    found = scrub(f"{before}. {secret} .{after}")
    assert secret not in found.text


@given(st.text(max_size=200))
def test_every_place_of_the_folded_text_points_into_the_original(text):
    reading = read(text)
    assert len(reading.text) == len(reading.origins)
    assert list(reading.origins) == sorted(reading.origins)
    if reading.text:
        assert 0 <= reading.origins[0] <= reading.origins[-1] < len(text)


@pytest.mark.parametrize(
    "text",
    [
        "abandon " * 2048, "zoo " * 4096, "4 " * 8192, "4111 " * 3276, "1" * 16384, "-" * 16384, "K" * 16384, "5J" * 8192,
        "xprv" * 4096, "-----BEGIN PRIVATE KEY-----" * 600, "-----BEGIN " * 1500, "order id " * 1800, "DE89 " * 3200,
        "①" * 16384, "ﷺ" * 4000, "\u200b" * 16384, "4\u200b" * 8192, "٤ " * 8192, "a1" * 8192, ("1 " * 40 + "x") * 200,
    ],
)  # fmt: skip
def test_no_text_costs_more_than_its_budget(text):
    begun = time.thread_time()
    scrub(text)
    assert time.thread_time() - begun < 0.35


def test_the_cost_grows_with_the_length_and_no_faster():
    def cost(repeats):
        begun = time.thread_time()
        scrub(
            "please wait about ten minutes, order 123456789, 0.25 BTC, my address 1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2. "
            * repeats
        )
        return time.thread_time() - begun

    cost(10)
    small, large = min(cost(100) for _ in range(3)), min(cost(1000) for _ in range(3))
    assert large < small * 25


def test_what_costs_too_much_is_removed_as_a_whole():
    def never_ends(reading, budget):
        while True:
            budget.check()

    def slow_but_silent(reading, budget):
        end = time.thread_time() + 0.15
        while time.thread_time() < end:
            pass
        return ()

    for detector in (never_ends, slow_but_silent):
        assert scrub("anything", (detector,)) == Scrubbed("[removed: unchecked]", ("unchecked",))


def test_the_budget_counts_work_and_not_waiting():
    budget = Budget(0.02)
    time.sleep(0.05)
    budget.check()
    end = time.thread_time() + 0.03
    while time.thread_time() < end:
        pass
    with pytest.raises(TookTooLong):
        budget.check()


def test_overlapping_finds_are_one_mask():
    def finds(reading: Reading, budget):
        return [Span(0, 4, "seed_phrase"), Span(2, 6, "card_number"), Span(6, 8, "card_number")]

    assert scrub("abcdefghij", (finds,)) == Scrubbed(
        "[removed: seed_phrase][removed: card_number]ij", ("seed_phrase", "card_number")
    )


def test_a_collection_of_garbage_costs_no_message():
    pauses = [0.15]

    def interrupted(reading, budget):
        if pauses:
            end = time.thread_time() + pauses.pop()
            while time.thread_time() < end:
                pass
        return ()

    assert scrub("message 1", (interrupted,)) == Scrubbed("message 1")
    assert pauses == []

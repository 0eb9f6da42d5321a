import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.sliding import Limit, Taken, Windows

FIVE = Limit("five", 5, 60)
START = 1_800_000_000_000  # a multiple of every window used here, in milliseconds


def allowed(windows, times, limit=FIVE, key="k"):
    return [windows.take(key, limit, START + moment).allowed for moment in times]


def test_the_limit_is_let_through_and_no_more():
    assert allowed(Windows(), [0, 1, 2, 3, 4, 5, 6]) == [True] * 5 + [False] * 2


def test_each_key_counts_on_its_own():
    windows = Windows()
    assert allowed(windows, [0] * 6) == [True] * 5 + [False]
    assert allowed(windows, [0], key="other") == [True]


def test_the_window_slides_instead_of_starting_anew():
    windows = Windows()
    assert allowed(windows, [59_000] * 5) == [True] * 5
    assert allowed(windows, [60_000, 61_000, 66_000]) == [False] * 3  # a fixed window would let five more through
    assert allowed(windows, [72_000, 72_000]) == [True, False]  # a fifth of the window has gone by
    assert allowed(windows, [240_000] * 5) == [True] * 5


def test_refused_attempts_do_not_prolong_the_wait():
    windows = Windows()
    allowed(windows, [0] * 5)
    allowed(windows, range(1, 59_000, 100))
    assert allowed(windows, [120_000] * 5) == [True] * 5


def test_a_clock_that_goes_back_lets_nobody_in():
    windows = Windows()
    assert allowed(windows, [60_000] * 5) == [True] * 5
    assert allowed(windows, [0, 30_000, 60_000]) == [False] * 3


@given(st.integers(1, 20), st.integers(1, 600), st.integers(0, 10**6), st.integers(0, 20), st.integers(0, 20))
def test_whoever_waits_as_told_is_let_through_and_not_much_later(count, seconds, elapsed, current, previous):
    limit = Limit("any", count, seconds)
    now = START // limit.window * limit.window + elapsed % limit.window
    windows = Windows()
    windows.learn("k", limit, now, min(current, count), min(previous, count))
    taken = windows.take("k", limit, now)
    if not taken.allowed:
        wait = taken.retry_after(limit)
        assert 1 <= wait <= 2 * seconds
        windows.learn("k", limit, now, taken.current, taken.previous)
        assert windows.take("k", limit, now + wait * 1000).allowed


@given(st.lists(st.integers(0, 200_000), max_size=300), st.integers(1, 12))
def test_no_slot_lets_more_than_the_limit_through(times, count):
    limit, windows = Limit("any", count, 60), Windows()
    passed = [moment for moment in sorted(times) if windows.take("k", limit, START + moment).allowed]
    for slot in range(4):
        assert sum(moment // 60_000 == slot for moment in passed) <= count


def test_an_amount_past_the_limit_is_never_let_through():
    assert not Windows().take("k", FIVE, START, amount=6).allowed
    assert Taken(False, 0, 0, 0).retry_after(FIVE, amount=6) == 60


def test_memory_is_bounded_and_the_newest_are_remembered():
    windows = Windows(most_keys=100)
    for number in range(1000):
        windows.take(f"k{number}", FIVE, START, amount=5)
        assert len(windows._slots) <= 101
    assert not windows.take("k999", FIVE, START).allowed


@pytest.mark.parametrize(("later", "kept"), [(0, 100), (10 * 60_000, 1)])
def test_finished_windows_are_forgotten_first(later, kept):
    windows = Windows(most_keys=100)
    for number in range(100):
        windows.take(f"k{number}", FIVE, START)
    windows.take("new", FIVE, START + later)
    assert len(windows._slots) == (76 if kept == 100 else kept)

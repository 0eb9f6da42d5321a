"""The sweeper's own reliability: a sweep that fails is tried again, and the others go on."""

from support_desk.sweeper import run_sweep
from support_desk.sweeps import Sweep


def fails():
    """Stands for a sweep that meets a row it cannot read."""
    raise ValueError("this row is broken")


def test_a_sweep_that_fails_in_any_way_ends_neither_the_thread_nor_its_lock(committed_db, caplog):
    broken = Sweep(f"{__name__}.fails", 1)
    assert [run_sweep(broken), run_sweep(broken)] == [False, False]
    assert run_sweep(Sweep("accounts.actions.sessions.forget_spent_tokens", 1))
    assert caplog.text.count("sweep_failed") == 2

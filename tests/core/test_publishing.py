import threading
import time
from dataclasses import dataclass

import pytest

from core.dispatching import Dispatcher
from core.publishing import Reaction, always, tasks_for


@dataclass(frozen=True)
class Posted:
    ids: tuple[str | int, ...]
    by: str = "customer"
    kind: str = "message_posted"


def by_agent(event):
    return event.by == "agent"


TABLE = {
    "message_posted": (Reaction(always, "bot.answer"), Reaction(by_agent, "mail.deliver")),
    "handed_over": (Reaction(always, "routing.drain_queue"),),
}


def test_one_call_per_task_carries_the_ids_of_all_that_matched():
    events = [Posted((1,)), Posted((2, 3), by="agent"), Posted((1,)), Posted((4,), kind="nobody_cares")]
    assert tasks_for(events, TABLE) == {"bot.answer": [1, 2, 3], "mail.deliver": [2, 3]}


def test_no_event_no_task():
    assert tasks_for([], TABLE) == {}


def test_jobs_run_in_order_on_one_thread():
    dispatcher, done = Dispatcher("test", limit=100), []
    for number in range(50):
        assert dispatcher.put(lambda number=number: done.append((number, threading.current_thread().name)))
    assert dispatcher.drain(2)
    assert done == [(number, "test") for number in range(50)]


def test_a_full_queue_drops_and_never_blocks():
    dispatcher, gate = Dispatcher("test", limit=3), threading.Event()
    dispatcher.put(lambda: gate.wait(5))
    while dispatcher._jobs:
        time.sleep(0.001)
    started = time.perf_counter()
    assert [dispatcher.put(lambda: None) for _ in range(5)] == [True, True, True, False, False]
    assert time.perf_counter() - started < 0.1
    assert not dispatcher.drain(0.05)
    gate.set()
    assert dispatcher.drain(2)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_job_that_breaks_does_not_end_the_work():
    dispatcher, done = Dispatcher("test", limit=10), []
    dispatcher.put(lambda: 1 / 0)
    assert dispatcher.drain(2)
    while dispatcher._thread is not None:
        time.sleep(0.001)
    dispatcher.put(lambda: done.append(1))
    assert dispatcher.drain(2)
    assert done == [1]

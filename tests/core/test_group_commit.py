import asyncio
import threading
import time

import pytest
from django.db import OperationalError

from core import metrics
from core.errors import Conflict, TooMany, TransientError
from core.group_commit import BUSY, GroupCommit
from tests.core.socket_client import until


class Store:
    """An action that remembers its batches and can be held in mid-commit."""

    def __init__(self):
        self.batches = []
        self.threads = set()
        self.go_on = threading.Event()
        self.go_on.set()
        self.locked = set()
        self.broken = False

    def save(self, items):
        self.threads.add(threading.current_thread().name)
        self.go_on.wait(5)
        if self.broken:
            raise OSError("the database is gone")
        self.batches.append(list(items))
        return [self.outcome(item) for item in items]

    def outcome(self, item):
        key, value = item
        if key in self.locked:
            return BUSY
        return Conflict("conflict", "Used.") if value == "bad" else f"{key}{value}"


@pytest.fixture
def store():
    return Store()


def group_commit(store, **options):
    return GroupCommit(store.save, name="test", key=lambda item: item[0], **options)


async def test_each_item_gets_its_own_result(store):
    saving = group_commit(store)
    futures = [saving.submit(("a", value)) for value in (1, "bad", 2)]
    assert await futures[0] == "a1"
    with pytest.raises(Conflict):
        await futures[1]
    assert await futures[2] == "a2"


async def test_what_waits_during_a_commit_shares_the_next_in_order(store):
    saving = group_commit(store, max_batch=4)
    store.go_on.clear()
    futures = [saving.submit(("a", 0))]
    await until(lambda: store.threads)
    futures += [saving.submit(("a", value)) for value in range(1, 7)]
    store.go_on.set()
    assert await asyncio.gather(*futures) == [f"a{value}" for value in range(7)]
    assert [[value for _, value in batch] for batch in store.batches] == [[0], [1, 2, 3, 4], [5, 6]]
    assert store.threads == {"commit-test-fast"}


async def test_a_lone_item_does_not_wait_for_company(store):
    saving = group_commit(store)
    await saving.submit(("a", 0))
    started = time.perf_counter()
    for value in range(100):
        await saving.submit(("a", value))
    assert time.perf_counter() - started < 0.5


async def test_a_failing_batch_is_told_to_all_and_the_next_works(store):
    store.broken = True
    saving = group_commit(store)
    outcomes = await asyncio.gather(*(saving.submit(("a", value)) for value in range(3)), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [TransientError] * 3
    store.broken = False
    assert await saving.submit(("a", 1)) == "a1"


async def test_a_lost_connection_is_tried_again_and_nobody_overtakes(store):
    lost = [3]

    def save(items):
        if lost[0]:
            lost[0] -= 1
            raise OperationalError("the connection is closed")
        return store.save(items)

    saving = GroupCommit(save, name="test", key=lambda item: item[0])
    futures = [saving.submit(("a", value)) for value in range(3)]
    assert await asyncio.gather(*futures) == ["a0", "a1", "a2"]
    assert [value for batch in store.batches for _, value in batch] == [0, 1, 2]
    assert lost == [0]


async def test_what_waits_behind_a_failure_fails_with_it(store):
    def save(items):
        outcomes = store.save(items)
        if ("a", "breaks") in items:
            raise OSError("the disk is gone")
        return outcomes

    saving = GroupCommit(save, name="test", key=lambda item: item[0])
    store.go_on.clear()
    futures = [saving.submit(("a", "breaks"))]
    await until(lambda: store.threads)
    futures += [saving.submit(("a", 1)), saving.submit(("b", 0))]
    store.go_on.set()
    outcomes = await asyncio.gather(*futures, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [TransientError, TransientError, str]
    assert store.batches == [[("a", "breaks")], [("b", 0)]]


async def test_who_waits_behind_a_lock_that_is_given_up_is_given_up_too(store):
    saving = group_commit(store, patience=0.4)
    store.locked.add("a")
    first = saving.submit(("a", 0))
    await asyncio.sleep(0.3)
    second = saving.submit(("a", 1))
    outcomes = await asyncio.wait_for(asyncio.gather(first, second, return_exceptions=True), 2)
    assert [type(outcome) for outcome in outcomes] == [TransientError] * 2
    assert (saving._slow_count, saving._slow) == (0, {})
    store.locked.clear()
    assert await asyncio.gather(saving.submit(("a", 0)), saving.submit(("a", 1))) == ["a0", "a1"]


async def test_too_few_outcomes_are_a_failure_not_a_mix_up():
    saving = GroupCommit(lambda items: ["one"], name="test")
    blocking = [saving.submit(value) for value in range(3)]
    outcomes = await asyncio.gather(*blocking, return_exceptions=True)
    assert sum(isinstance(outcome, TransientError) for outcome in outcomes) >= 2


async def test_too_much_is_refused_at_once(store):
    saving = group_commit(store, max_waiting=2)
    store.go_on.clear()
    first = saving.submit(("a", 0))
    await until(lambda: store.threads)
    waiting = [saving.submit(("a", 1)), saving.submit(("a", 2))]
    with pytest.raises(TooMany) as refused:
        await saving.submit(("a", 3))
    assert (refused.value.code, refused.value.retry_after) == ("busy", 1)
    store.go_on.set()
    assert await asyncio.gather(first, *waiting) == ["a0", "a1", "a2"]


async def test_a_locked_row_delays_only_its_own(store):
    saving = group_commit(store)
    store.locked.add("a")
    held = [saving.submit(("a", 0)), saving.submit(("a", 1))]
    await until(lambda: "commit-test-slow" in store.threads)
    held.append(saving.submit(("a", 2)))
    started = time.perf_counter()
    assert await asyncio.gather(*(saving.submit(("b", value)) for value in range(50))) == [f"b{i}" for i in range(50)]
    assert time.perf_counter() - started < 0.3
    assert not any(future.done() for future in held)
    store.locked.clear()
    assert await asyncio.gather(*held) == ["a0", "a1", "a2"]
    saved = [item for batch in store.batches for item in batch if item[0] == "a"]
    assert saved[-1] == ("a", 2)
    assert await saving.submit(("a", 3)) == "a3"


async def test_many_locked_rows_do_not_starve_one_that_is_free_again(store):
    saving = group_commit(store, max_batch=4)
    names = [f"t{number}" for number in range(20)]
    store.locked.update(names)
    held = {name: [saving.submit((name, value)) for value in range(2)] for name in names}
    await until(lambda: saving._slow_count == 40)
    store.locked.discard("t13")
    assert await asyncio.wait_for(asyncio.gather(*held["t13"]), 3) == ["t130", "t131"]
    store.locked.clear()
    for name in names:
        assert await asyncio.gather(*held[name]) == [f"{name}0", f"{name}1"]
    assert (saving._slow_count, saving._slow) == (0, {})


async def test_a_row_that_stays_locked_is_given_up(store):
    saving = group_commit(store, patience=0.2)
    store.locked.add("a")
    with pytest.raises(TransientError):
        await asyncio.wait_for(saving.submit(("a", 0)), 2)
    assert saving._slow_count == 0


async def test_those_who_left_disturb_nobody(store):
    saving = group_commit(store)
    store.go_on.clear()
    leaving, staying = saving.submit(("a", 0)), saving.submit(("a", 1))
    leaving.cancel()
    store.go_on.set()
    assert await staying == "a1"


async def test_batches_and_items_are_counted(store):
    items, batches = metrics.COMMIT_ITEMS.labels("test")._value, metrics.COMMIT_BATCHES.labels("test")._value
    before = items.get(), batches.get()
    saving = group_commit(store)
    await saving.submit(("a", 0))
    assert (items.get(), batches.get()) == (before[0] + 1, before[1] + 1)

"""A web process dies at the worst moment, or ends in good order: what was acknowledged stands, nothing stands twice."""

import asyncio
import signal
from contextlib import AsyncExitStack

import psycopg
import pytest

from tests.faults.conftest import SECRET
from tests.faults.judge import judge
from tests.faults.people import Console, Customer, converge

PASSWORD = "correct-horse-battery"


def everybody(running):
    """A customer on the first process, their second tab and an agent on the other one."""
    one, other = running.base_urls
    customer = Customer.comes("customer", [one, other])
    tab = customer.another_tab("second tab", [other])
    agent = Console("agent", [other], "owner@desk.example", PASSWORD, SECRET)
    return customer, tab, agent


async def begin(customer, agent):
    """The chat is open: from here on messages take the fast way."""
    customer.says("the first")
    await customer.until(lambda: customer.is_answered)
    ack = next(frame for frame in customer.frames if frame["type"] == "ack")
    agent.watches(ack["ticket"])
    return ack["ticket"]


@pytest.mark.timeout(120)
@pytest.mark.parametrize("point", ["before_commit", "before_publish", "before_ack"])
def test_killed_around_its_commit(desk, site, pauses, point):
    running = desk(web=2, **pauses.environment)
    port = running.base_url.rpartition(":")[2]
    customer, tab, agent = everybody(running)

    async def play():
        async with AsyncExitStack() as stack:
            for one in (customer, tab, agent):
                await stack.enter_async_context(one.running())
            await begin(customer, agent)
            pauses.arm(port, point)
            for number in range(40):
                customer.says(f"while it dies {number}")
            await customer.until(lambda: pauses.is_reached(port))
            assert customer.history.acked == {customer.history.sent[0][0]}
            stored_before = await asyncio.to_thread(stored)
            running.kill("web")
            thread, took = await converge([customer, tab, agent], running.base_urls[1], customer.token)
            return stored_before, thread, took

    stored_before, thread, took = asyncio.run(play())
    assert judge([customer.history, tab.history, agent.history], thread) == []
    assert len(thread) == 41
    assert len(customer.history.acked) == 41
    assert (stored_before == 1) == (point == "before_commit")
    assert running.base_urls[1] in customer.connected_to
    assert took < 10


def stored():
    from tickets.models import Message

    return Message.objects.count()


@pytest.mark.timeout(120)
def test_killed_while_it_waits_for_a_lock_and_started_again(desk, site, servers):
    running = desk(web=2)
    customer, tab, agent = everybody(running)
    customer.urls = running.base_urls[:1]  # this one waits for the process to come back

    async def play():
        async with AsyncExitStack() as stack:
            for one in (customer, tab, agent):
                await stack.enter_async_context(one.running())
            ticket = await begin(customer, agent)
            with psycopg.connect(servers.superuser_url) as lock:
                lock.execute("select from tickets_ticket where public_id = %s for update", [ticket])
                for number in range(20):
                    customer.says(f"behind a lock {number}")
                await asyncio.sleep(1)
                assert len(customer.history.acked) == 1
                running.kill("web")
            assert await asyncio.to_thread(stored) == 1
            running.start("web")
            await asyncio.to_thread(running.wait_until_ready)
            thread, _took = await converge([customer, tab, agent], running.base_urls[1], customer.token)
            return thread

    thread = asyncio.run(play())
    assert judge([customer.history, tab.history, agent.history], thread) == []
    assert [line.text for line in thread] == [text for _id, text in customer.history.sent]
    assert len(customer.history.acked) == 21


@pytest.mark.timeout(120)
def test_ended_in_good_order_under_traffic(desk, site):
    running = desk(web=2)
    customer, tab, agent = everybody(running)
    leaving = [customer, *(Customer.comes(f"customer {number}", running.base_urls) for number in range(4))]

    async def chatter(one, gone):
        number = 0
        while not gone.is_set() or number < 50:
            one.says(f"{one.history.name} says {number}")
            number += 1
            await asyncio.sleep(0.02)

    async def play():
        async with AsyncExitStack() as stack:
            for one in (*leaving, tab, agent):
                await stack.enter_async_context(one.running())
            await begin(customer, agent)
            gone = asyncio.Event()
            talking = [asyncio.create_task(chatter(one, gone)) for one in leaving]
            await asyncio.sleep(0.5)
            await asyncio.to_thread(running.kill, "web", signal.SIGTERM)
            await asyncio.sleep(0.5)
            gone.set()
            await asyncio.gather(*talking)
            for one in leaving:
                others = [tab, agent] if one is customer else []
                thread, _took = await converge([one, *others], running.base_urls[1], one.token)
                assert judge([one.history, *(other.history for other in others)], thread) == []
                assert len(thread) == len(one.history.acked) >= 50

    asyncio.run(play())
    for one in leaving:
        assert one.close_codes[0] == 1012
        assert [frame["within"] for frame in one.frames if frame["type"] == "restart"] == [10]
        assert one.connected_to[-1] == running.base_urls[1]
    assert "Traceback" not in running.log("web") + running.log("web-2")

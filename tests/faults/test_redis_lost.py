"""Redis is flushed, killed, absent and empty again: the chat goes on in both processes, and nothing is lost."""

import asyncio
import time
from contextlib import AsyncExitStack

import httpx
import pytest

from tests.faults.conftest import SECRET
from tests.faults.judge import judge
from tests.faults.people import Console, Customer, converge

PASSWORD = "correct-horse-battery"


def health(url):
    """Status and what is degraded."""
    answer = httpx.get(f"{url}/healthz/ready", timeout=10)
    return answer.status_code, answer.json()["degraded"]


async def healths_become(urls, wanted, seconds=15):
    """Wait until every process says so. Raises: TimeoutError."""
    end = time.monotonic() + seconds
    while (found := [await asyncio.to_thread(health, url) for url in urls]) != [wanted] * len(urls):
        if time.monotonic() > end:
            raise TimeoutError(found)
        await asyncio.sleep(0.1)


async def talk(people, count, label):
    """Everybody says so many things, each a moment after the other, and gets an answer to all of them."""
    for number in range(count):
        for one in people:
            one.says(f"{label} {number} of {one.history.name}")
        await asyncio.sleep(0.03)
    for one in people:
        await one.until(lambda one=one: one.is_answered, 15)


@pytest.mark.timeout(150)
def test_the_chat_goes_on_without_redis(desk, site, own_redis):
    from tickets.models import Ticket

    running = desk(web=2, worker=True, REDIS_URL=own_redis.url)
    one, other = running.base_urls
    customer = Customer.comes("customer", [one])
    tab = customer.another_tab("second tab", [other])
    friend, late = Customer.comes("friend", [other]), Customer.comes("late", [one])
    agent = Console("agent", [other], "owner@desk.example", PASSWORD, SECRET)

    async def play():
        async with AsyncExitStack() as stack:
            for person in (customer, friend, agent):
                await stack.enter_async_context(person.running())
            await talk([customer, friend], 3, "before")
            agent.watches(next(frame["ticket"] for frame in customer.frames if frame["type"] == "ack"))
            await stack.enter_async_context(tab.running())
            await healths_become([one, other], (200, []))

            flushing = asyncio.create_task(flush_often(own_redis))
            await talk([customer, friend], 40, "while it is flushed")
            await flushing

            own_redis.kill()
            await talk([customer, friend], 20, "without it")
            await healths_become([one, other], (200, ["redis"]))
            thread, _took = await converge([customer, tab, agent], other, customer.token)
            assert judge([customer.history, tab.history, agent.history], thread) == []

            await stack.enter_async_context(late.running())
            late.asks_for_human()
            await late.until(lambda: late.is_answered, 15)
            await late.until(lambda: [line.text for line in late.history.seen] == ["handed_over", "assigned"], 20)
            wanted = await asyncio.to_thread(lambda: {str(name) for name in assigned_ids(Ticket)})
            await agent.until(lambda: wanted <= agent.assigned, 15)

            own_redis.start()
            await talk([customer, friend], 20, "it is back")
            await healths_become([one, other], (200, []))
            begun = time.monotonic()
            customer.says("the last")
            await tab.until(lambda: tab.history.seen[-1].text == "the last", 10)
            assert time.monotonic() - begun < 10
            for group in ([customer, tab, agent], [friend]):
                thread, _took = await converge(group, one, group[0].token)
                assert judge([person.history for person in group], thread) == []
            assert len(thread) == 83

    asyncio.run(play())
    assert customer.close_codes == tab.close_codes == agent.close_codes == friend.close_codes == [None]
    for name in ("web", "web-2", "worker"):
        assert "Traceback" not in running.log(name)


def assigned_ids(tickets):
    """Public ids of the tickets that somebody holds."""
    return list(tickets.objects.filter(assignee__isnull=False).values_list("public_id", flat=True))


async def flush_often(server):
    """FLUSHALL six times within the traffic."""
    for _ in range(6):
        await asyncio.to_thread(server.client().flushall)
        await asyncio.sleep(0.2)

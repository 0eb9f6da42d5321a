"""PostgreSQL stops at once, or cuts every connection: nothing is acknowledged meanwhile, everything is stored once afterwards."""

import asyncio
import time
from contextlib import AsyncExitStack

import httpx
import pytest

from tests.desk import running_desk
from tests.faults.conftest import SECRET
from tests.faults.judge import judge
from tests.faults.own_servers import own_servers
from tests.faults.people import Console, Customer, converge

PASSWORD = "correct-horse-battery"
CUT = "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'desk_app'"


@pytest.fixture(scope="module")
def own():
    with own_servers(SECRET) as servers:
        yield servers


@pytest.mark.timeout(180)
def test_stopped_and_started(own, tmp_path):
    with running_desk(own.environment, tmp_path, web=2) as running:
        one, other = running.base_urls
        customers = [Customer.comes(f"customer {number}", running.base_urls) for number in range(4)]
        tab = customers[0].another_tab("second tab", [other])
        agent = Console("agent", [other], "owner@desk.example", PASSWORD, SECRET)

        async def play():
            async with AsyncExitStack() as stack:
                for person in (*customers, agent):
                    await stack.enter_async_context(person.running())
                for person in customers:
                    person.says("the first")
                    await person.until(lambda person=person: person.is_answered)
                agent.watches(next(frame["ticket"] for frame in customers[0].frames if frame["type"] == "ack"))
                await stack.enter_async_context(tab.running())
                talking = asyncio.create_task(chatter(customers, 40))
                await asyncio.sleep(0.7)
                await asyncio.to_thread(own.stop_postgres)
                await asyncio.sleep(0.2)
                acked = [len(person.history.acks) for person in customers]
                assert (await asyncio.to_thread(httpx.get, f"{one}/healthz/ready", timeout=15)).status_code == 503
                await asyncio.sleep(3)
                assert [len(person.history.acks) for person in customers] == acked
                await talking
                await asyncio.to_thread(own.start_postgres)
                for person in customers:
                    others = [tab, agent] if person is customers[0] else []
                    thread, _took = await converge([person, *others], other, person.token, 30)
                    assert judge([person.history, *(each.history for each in others)], thread) == []
                    assert len(thread) == len(person.history.acked) == 41
                    assert person.refused == {}

        asyncio.run(play())


@pytest.mark.timeout(120)
def test_every_connection_is_cut_again_and_again(own, tmp_path):
    with running_desk(own.environment, tmp_path, web=2) as running:
        customers = [Customer.comes(f"customer {number}", running.base_urls) for number in range(4)]

        async def play():
            async with AsyncExitStack() as stack:
                for person in customers:
                    await stack.enter_async_context(person.running())
                    person.says("the first")
                    await person.until(lambda person=person: person.is_answered)
                talking = asyncio.create_task(chatter(customers, 250, pause=0.01))
                cuts = 0
                while not talking.done():
                    cuts += len(await asyncio.to_thread(own.query, CUT))
                    await asyncio.sleep(0.3)
                await talking
                assert cuts > 5
                for person in customers:
                    thread, _took = await converge([person], running.base_urls[1], person.token, 30)
                    assert judge([person.history], thread) == []
                    assert len(thread) == len(person.history.acked) == 251
                    assert person.refused == {}

        asyncio.run(play())


async def chatter(customers, count, pause=0.05):
    """Everybody says so many things, whatever happens."""
    begun = time.monotonic()
    for number in range(count):
        for person in customers:
            person.says(f"{person.history.name} says {number} after {time.monotonic() - begun:.2f} s")
        await asyncio.sleep(pause)

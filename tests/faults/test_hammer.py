"""Two web processes, many connections, few tickets: dense numbers, nothing twice, no deadlock, every ack true.

HAMMER=20000 sets the number of messages; the gate uses fewer.
"""

import asyncio
import os
import random
from collections import Counter
from uuid import uuid4

import pytest

from tests.clients import chatting, new_session

MESSAGES = int(os.environ.get("HAMMER", "1500"))


async def hammer(desk, sessions, connections, seed):
    """Every connection sends its share: fresh messages, repeats of stored ones, and other text under used ids."""
    rng = random.Random(seed)
    told = {}  # client id -> (session, text, numbers that were acknowledged)
    conflicts = []
    await asyncio.gather(
        *(
            one_connection(
                desk.base_urls[number % 2], sessions[number % len(sessions)], rng, told, conflicts, connections
            )
            for number in range(connections)
        )
    )
    return told, conflicts


async def one_connection(base_url, session, rng, told, conflicts, connections):
    mine = []
    async with chatting(base_url, session["token"]) as client:
        for _ in range(MESSAGES // connections):
            kind = rng.random()
            if mine and kind < 0.10:
                await client.send(told[again := rng.choice(mine)][1], again)
            elif mine and kind < 0.15:
                conflicts.append(await client.send(f"other text {uuid4()}", rng.choice(mine)))
            else:
                text = f"message {uuid4()}"
                client_id = await client.send(text)
                told[client_id] = (session["token"], text, set())
                mine.append(client_id)
            if len(mine) % 32 == 0:
                await client.until(lambda: all(sent in client.acks for sent in mine), 60)
                await asyncio.sleep(0.15)  # as fast as a socket may be that is not taken for a flood
        await client.until(lambda: all(sent in client.acks for sent in mine), 60)
        for client_id in mine:
            told[client_id][2].add(client.acks[client_id]["seq"])


@pytest.mark.timeout(300)
@pytest.mark.parametrize(("tickets", "connections"), [(3, 8), (20, 40)])
def test_numbers_stay_dense_and_every_ack_is_true(desk, tickets, connections):
    from accounts.actions.sites import set_policy
    from accounts.recording import COMMAND_LINE
    from tests.cast import make_agent, make_site
    from tickets.models import Message, Ticket
    from tickets.selectors import public_thread_of

    make_agent("owner@desk.example", present=False)
    site = make_site()
    for name in ("messages_per_minute", "sessions_per_minute_per_address"):
        set_policy(site=site, name=f"limit.{name}", value=1_000_000, actor=None, origin=COMMAND_LINE)
    running = desk(web=2)
    sessions = [new_session(running.base_url) for _ in range(tickets)]

    async def begin():
        for session in sessions:
            async with chatting(running.base_url, session["token"]) as client:
                first = await client.send("hello")
                await client.until(lambda client=client, first=first: first in client.acks)

    asyncio.run(begin())
    told, conflicts = asyncio.run(hammer(running, sessions, connections, seed=tickets))

    stored = Counter()
    for ticket in Ticket.objects.all():
        entries = public_thread_of(ticket, after=0, limit=10**6)
        assert [entry.public_seq for entry in entries] == list(range(1, len(entries) + 1))
        assert [entry.seq for entry in entries] == [entry.public_seq for entry in entries]
        assert (ticket.last_seq, ticket.last_public_seq) == (len(entries), len(entries))
        for entry in entries:
            stored[entry.body] += 1
            if sent := told.get(str(entry.client_id)):
                assert (entry.body, sent[2]) == (sent[1], {entry.public_seq})
    assert set(stored.values()) == {1} | ({tickets} if stored["hello"] == tickets else set())
    assert Ticket.objects.count() == tickets
    assert Message.objects.count() == len(told) + tickets
    assert len(conflicts) > 10
    logs = running.log("web") + running.log("web-2")
    assert "deadlock" not in logs
    assert "Traceback" not in logs

"""A worker dies between hand-over and assignment, the broker forgets, two routers run at once: one agent, once, soon."""

import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from uuid import uuid4

import httpx
import psycopg
import pytest

from tests.clients import new_session

SOON = 15.0


def asks_for_human(url, session):
    """The button, by request."""
    answer = httpx.post(
        f"{url}/api/chat/human",
        json={"client_id": str(uuid4())},
        headers={"Authorization": f"Bearer {session['token']}", "Origin": url},
        timeout=15,
    )
    assert answer.status_code == 201, answer.text
    return answer.json()["ticket"]


def assignments(ticket):
    """How often a ticket was assigned, and who holds it now."""
    from tickets.models import Message, Ticket

    found = Ticket.objects.get(public_id=ticket)
    return Message.objects.filter(ticket=found, activity="assigned").count(), found.assignee


@pytest.mark.timeout(120)
@pytest.mark.parametrize("point", ["before_assigning", "while_assigning"])
def test_a_worker_killed_between_hand_over_and_assignment(desk, site, own_redis, pauses, until, point):
    web = desk(web=1, REDIS_URL=own_redis.url)
    worker = desk(web=0, worker=True, REDIS_URL=own_redis.url, FAULT_NAME="worker", **pauses.environment)
    pauses.arm("worker", point)
    ticket = asks_for_human(web.base_url, new_session(web.base_url))
    until(lambda: pauses.is_reached("worker"), 40)
    assert assignments(ticket) == (0, None)
    worker.kill("worker")
    assert assignments(ticket) == (0, None)
    pauses.disarm("worker")
    worker.start("worker")
    until(lambda: assignments(ticket)[0], 2 * SOON)  # the start of the process, and then SOON
    assert assignments(ticket)[0] == 1
    assert assignments(ticket)[1].user.email == "owner@desk.example"


@pytest.mark.timeout(120)
def test_a_broker_that_forgot_and_a_worker_that_came_late(desk, site, own_redis, until):
    web = desk(web=1, REDIS_URL=own_redis.url)
    ticket = asks_for_human(web.base_url, new_session(web.base_url))
    until(lambda: own_redis.client().keys("*fast*"), 10)
    own_redis.client().flushall()
    assert assignments(ticket) == (0, None)
    desk(web=0, worker=True, REDIS_URL=own_redis.url)
    until(lambda: assignments(ticket)[0], 2 * SOON)
    assert assignments(ticket)[0] == 1


@pytest.mark.timeout(150)
def test_two_routers_never_overfill_and_never_assign_twice(desk, site, servers, until):
    from accounts.models import Agent
    from tests.cast import make_agent
    from tickets.models import Message, Ticket

    Agent.objects.update(capacity=3)
    for number in range(4):
        make_agent(f"colleague{number}@desk.example", capacity=3 + number)
    places = dict(Agent.objects.values_list("pk", "capacity"))
    web = desk(web=2)
    sessions = [new_session(web.base_url) for _ in range(40)]
    held = Ticket.objects.filter(status="assigned")
    with ThreadPoolExecutor(4) as pool, Sampler(servers.superuser_url) as sampler:
        waiting = list(pool.map(partial(asks_for_human, web.base_url), sessions[:20]))
        for _ in range(2):
            desk(web=0, worker=True)
        waiting += pool.map(partial(asks_for_human, web.base_urls[1]), sessions[20:])
        until(lambda: held.count() == sum(places.values()), 60)
        time.sleep(6)  # a sweep of both workers, with nothing left to give
    assert len(set(waiting)) == 40
    assert Ticket.objects.filter(status="queued").count() == 40 - sum(places.values())
    assert Counter(held.values_list("assignee", flat=True)) == places
    given = Counter(Message.objects.filter(activity="assigned").values_list("ticket", flat=True))
    assert set(given.values()) == {1}
    assert sampler.looks > 20
    assert sampler.most == places


class Sampler:
    """Looks five times a second, from outside, how much each agent holds, and keeps the most."""

    def __init__(self, url):
        self._url = url
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self.most, self.looks = Counter(), 0

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_error):
        self._ended.set()
        self._thread.join()

    def _look(self):
        held = "select assignee_id, count(*) from tickets_ticket where status in ('assigned', 'waiting') group by 1"
        with psycopg.connect(self._url, autocommit=True) as connection:
            while not self._ended.wait(0.2):
                self.most |= Counter(dict(connection.execute(held).fetchall()))
                self.looks += 1

"""The agents' socket: who gets in, what arrives, what ends it."""

import asyncio
from contextlib import asynccontextmanager
from uuid import uuid4

import pytest
from django.db.models import F
from django_otp import DEVICE_ID_SESSION_KEY

from accounts import socket_tickets
from accounts.models import Agent, User
from console.heartbeat import heartbeat
from console.sockets import AgentSocket
from core.db import in_db
from core.hub import hub
from tests.cast import make_browser
from tests.console.people import NAMES, console_of
from tests.core.socket_client import OURS, Client
from tickets.groups import customer_group


@pytest.fixture
def people(committed_site):
    """Two agents of a team, one of another, and a customer who waits; committed, for the socket's own threads."""
    Agent.objects.update(presence="off")
    return {name: console_of(name) for name in NAMES}


@pytest.fixture
def customer(committed_site, people):
    browser = make_browser(committed_site)
    browser.says("My withdrawal has not arrived.")
    browser.asks_for_human()
    return browser


@asynccontextmanager
async def opened(cookie, *, ticket=None, origin=OURS):
    """A socket of a browser that sends this session cookie, and its hello if there is a ticket."""
    headers = [(b"cookie", f"other=1; session={cookie}".encode())]
    if origin:
        headers.append((b"origin", origin))
    client = Client()
    scope = {"type": "websocket", "path": "/ws/console/", "headers": headers}
    serving = asyncio.ensure_future(AgentSocket.as_asgi()(scope, client.receive, client.take))
    client.inbox.put_nowait({"type": "websocket.connect"})
    try:
        if ticket is not None:
            assert (await client.event())["type"] == "websocket.accept"
            client.say(type="hello", v=1, ticket=ticket)
        yield client
    finally:
        client.inbox.put_nowait({"type": "websocket.disconnect", "code": 1001})
        await asyncio.wait_for(serving, 5)


def fresh_ticket(console):
    return console.client.get("/console/socket-ticket").json()["ticket"]


@asynccontextmanager
async def live(console):
    """A socket that was welcomed."""
    ticket = await in_db(fresh_ticket, console)
    async with opened(console.session_key, ticket=ticket) as client:
        client.welcome = await client.frame(5)
        assert client.welcome["type"] == "welcome", client.welcome
        yield client


async def until_frame(client, **wanted):
    """The next frame that has these values; others are skipped."""
    while True:
        frame = await client.frame(5)
        if all(frame.get(name) == value for name, value in wanted.items()):
            return frame


async def test_a_page_of_another_origin_is_refused(people):
    console = people["owner"]
    ticket = await in_db(fresh_ticket, console)
    for origin in (b"https://evil.example", OURS + b".evil.example", b"http://user@127.0.0.1:8000", None):
        async with opened(console.session_key, origin=origin) as client:
            assert await client.code() == 4403
    async with opened(console.session_key, ticket=ticket) as client:
        assert (await client.frame(5))["type"] == "welcome"


async def test_a_cookie_alone_never_opens_it(people):
    for ticket in ("-", "forged:1abc:xyz"):
        async with opened(people["owner"].session_key, ticket=ticket) as client:
            assert await client.code(5) == 4401


async def test_a_ticket_is_good_once_and_only_for_its_own_session(people):
    owner, colleague = people["owner"], people["colleague"]
    ticket = await in_db(fresh_ticket, owner)
    async with opened(colleague.session_key, ticket=ticket) as client:
        assert await client.code(5) == 4401
    async with opened(owner.session_key, ticket=ticket) as client:
        assert (await client.frame(5))["type"] == "welcome"
    async with opened(owner.session_key, ticket=ticket) as client:
        assert await client.code(5) == 4401


async def test_the_password_alone_never_opens_it(people):
    def half_way():
        """A signed-in session whose second factor was forgotten, with a ticket that is otherwise good."""
        console = people["owner"]
        session = console.client.session
        del session[DEVICE_ID_SESSION_KEY]
        session.save()
        return socket_tickets.issue(console.agent.user, session.session_key)

    ticket = await in_db(half_way)
    async with opened(people["owner"].session_key, ticket=ticket) as client:
        assert await client.code(5) == 4401


async def test_a_thread_comes_from_its_number_on_and_stays_live(people, customer):
    ticket = await in_db(customer.ticket)
    async with live(people["owner"]) as client:
        client.say(type="watch", ticket=str(ticket.public_id), after=1)
        handed_over = await client.frame(5)
        assert (handed_over["type"], handed_over["seq"], handed_over["activity"]) == ("activity", 2, "handed_over")
        await in_db(customer.says, "Hello?")
        said = await until_frame(client, type="message")
        assert (said["seq"], said["public_seq"], said["body"]) == (3, 3, "Hello?")
        assert said["assurance"] == "anonymous"
        client.say(type="unwatch", ticket=str(ticket.public_id))
        await asyncio.sleep(0.1)
        await in_db(customer.says, "Still there?")
        await asyncio.sleep(0.3)
        assert client.outbox.empty()


async def test_a_thread_of_another_team_does_not_exist(people, customer):
    ticket = await in_db(customer.ticket)
    async with live(people["outsider"]) as client:
        client.say(type="watch", ticket=str(ticket.public_id), after=0)
        assert (await client.frame(5))["code"] == "ticket_not_found"
        client.say(type="watch", ticket=str(uuid4()), after=0)
        assert (await client.frame(5))["code"] == "ticket_not_found"
        for frame in ("typing", "viewing"):
            more = {"on": True} if frame == "typing" else {}
            client.say(type=frame, ticket=str(ticket.public_id), **more)
            assert (await client.frame(5))["code"] == "ticket_not_found"
        await in_db(customer.says, "a secret of ours")
        await asyncio.sleep(0.3)
        assert client.outbox.empty()


async def test_an_assignment_rings_and_its_entries_come_without_asking(people, customer):
    owner, colleague = people["owner"], people["colleague"]
    ticket = await in_db(customer.ticket)
    async with live(owner) as client:
        await in_db(owner.post, ticket, "assign")
        rung = await until_frame(client, type="assigned")
        assert rung["ticket"] == str(ticket.public_id)
        await asyncio.sleep(0.2)
        await in_db(customer.says, "Are you there?")
        assert (await until_frame(client, type="message"))["body"] == "Are you there?"
        await in_db(colleague.post, ticket, "status", {"status": "queued"})
        await until_frame(client, type="unassigned")
        await asyncio.sleep(0.2)
        await in_db(customer.says, "Nobody?")
        await asyncio.sleep(0.3)
        left = [event for event in list(client.outbox._queue) if "Nobody?" in event.get("text", "")]
        assert left == []


async def test_what_an_agent_holds_is_followed_from_the_start(people, customer):
    owner = people["owner"]
    ticket = await in_db(customer.ticket)
    await in_db(owner.post, ticket, "assign")
    async with live(owner) as client:
        assert client.welcome["tickets"] == [str(ticket.public_id)]
        await asyncio.sleep(0.1)
        await in_db(customer.says, "Are you there?")
        assert (await until_frame(client, type="message"))["seq"] == 4


async def test_a_note_reaches_colleagues_and_typing_reaches_the_customer_without_ids(people, customer):
    owner, colleague = people["owner"], people["colleague"]
    ticket = await in_db(customer.ticket)
    heard = []

    class Listener:
        def deliver(self, frame):
            heard.append(frame.data)

    listener = Listener()
    await hub().join(customer_group(ticket.public_id), listener)
    async with live(owner) as one, live(colleague) as other:
        for client in (one, other):
            client.say(type="watch", ticket=str(ticket.public_id), after=2)
        await asyncio.sleep(0.3)
        await in_db(owner.says, ticket, "looks like fraud", kind="note")
        note = await until_frame(other, type="note")
        assert note["body"] == "looks like fraud"
        one.say(type="typing", ticket=str(ticket.public_id), on=True)
        typing = await until_frame(other, type="typing")
        assert typing["author"] == {"kind": "agent", "name": "Olive Owner", "id": owner.agent.pk}
        one.say(type="viewing", ticket=str(ticket.public_id))
        assert (await until_frame(other, type="viewing"))["agent"]["id"] == owner.agent.pk
    hub().leave(customer_group(ticket.public_id), listener)
    assert heard == [b'{"type":"typing","author":{"kind":"agent","name":"Olive Owner"},"on":true}']


async def test_a_revoked_session_ends_its_socket_within_five_seconds(people):
    owner = people["owner"]
    async with live(owner) as client:
        await in_db(User.objects.filter(pk=owner.agent.pk).update, session_epoch=F("session_epoch") + 1)
        assert await client.code(5) == 4409


async def test_signing_out_ends_the_socket(people):
    owner = people["owner"]
    async with live(owner) as client:
        await in_db(owner.client.post, "/accounts/logout/")
        assert await client.code(5) == 4409


async def test_being_connected_is_a_sign_of_life_and_no_change_of_presence(people):
    owner = people["owner"]
    await in_db(Agent.objects.filter(pk=owner.agent.pk).update, heartbeat_at=None, presence="away")
    async with live(owner):
        for _attempt in range(50):
            await asyncio.sleep(0.05)
            agent = await in_db(Agent.objects.get, pk=owner.agent.pk)
            if agent.heartbeat_at is not None:
                break
        assert agent.heartbeat_at is not None
        assert agent.presence == "away"
    assert heartbeat().agents == []


@pytest.mark.parametrize(
    "frame",
    [
        {"type": "message.send", "client_id": str(uuid4()), "body": "x"},
        {"type": "watch", "ticket": "not-a-uuid"},
        {"type": "watch", "ticket": str(uuid4()), "after": -1},
        {"type": "watch", "ticket": str(uuid4()), "after": 0, "more": 1},
        {"type": "got", "seq": 1},
    ],
)
async def test_what_is_not_of_this_protocol_gets_one_constant_error(people, frame):
    async with live(people["owner"]) as client:
        client.say(**frame)
        assert (await client.frame(5))["code"] == "bad_frame"

"""The customer's socket, frame by frame: other tabs, the rarer frames, and what is found without being told."""

import asyncio
import json
from uuid import uuid4

import pytest
from django.db import connection, transaction

from accounts.actions.sessions import close_session
from chat.selectors import live_chat_of
from chat.sockets import CustomerSocket
from core.db import in_db
from core.hub import hub
from tests.chat.conftest import until
from tests.chat.tabs import Tab, tab_of
from tests.core.socket_client import talk
from tickets.groups import staff_group
from tickets.models import Message, Ticket, TicketRead

PHRASE = "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about"


@pytest.fixture
def browser(committed_browser):
    return committed_browser


async def count_of(model):
    return await in_db(model.objects.count)


# --- other tabs -------------------------------------------------------------------------------------------------------


async def test_a_second_tab_hears_of_a_chat_that_the_first_one_opens(browser):
    async with tab_of(browser) as one, tab_of(browser) as other:
        assert (await other.next("welcome"))["ticket"] is None
        ack = await one.send("hello from the first")
        assert (await other.next("welcome"))["ticket"]["id"] == ack["ticket"]
        assert (await other.next("message"))["body"] == "hello from the first"
        answer = await other.send("hello from the second")
        assert (answer["ticket"], answer["seq"]) == (ack["ticket"], 2)
        assert (await one.next("message", seq=2))["body"] == "hello from the second"


async def test_a_stranger_hears_nothing(browser, committed_site, cast):
    stranger = await in_db(cast.make_browser, committed_site)
    async with tab_of(browser) as tab, tab_of(stranger) as other:
        await other.next("welcome")
        await tab.send("hello")
        tab.say("typing", on=True)
        await other.client.silence(0.3)


# --- the other frames -------------------------------------------------------------------------------------------------


async def test_human_hands_over_in_its_turn(browser):
    async with tab_of(browser) as tab:
        said, asked = uuid4(), uuid4()
        tab.say("message.send", client_id=said, body="I need help")
        tab.say("human", client_id=asked)
        assert (await tab.next("ack", client_id=str(said)))["seq"] == 1
        ack = await tab.next("ack", client_id=str(asked))
        assert ack["seq"] == 2
        assert (await tab.next("status", seq=2))["status"] == "queued"
        tab.say("human", client_id=asked)
        assert await tab.next("ack", client_id=str(asked)) == ack
    async with tab_of(browser) as tab:
        welcome = await tab.next("welcome")
        assert (welcome["ticket"]["status"], welcome["queue"]) == ("queued", {"position": 1})


async def test_end_solves_after_what_was_said_before(browser):
    async with tab_of(browser) as tab:
        tab.say("message.send", client_id=uuid4(), body="thank you")
        tab.say("end")
        assert (await tab.next("status", seq=2))["status"] == "solved"


async def test_end_without_a_chat_changes_nothing(browser):
    async with tab_of(browser) as tab:
        tab.say("end")
        assert await tab.next("status") == {"type": "status", "ticket": None, "status": "closed"}
    assert await count_of(Ticket) == 0


class Watching:
    def __init__(self):
        self.heard = []

    def deliver(self, frame):
        self.heard.append((frame.kind, frame.seq, frame.data))


async def test_typing_reaches_agents_once_a_second_and_is_not_stored(browser):
    async with tab_of(browser) as tab:
        ack = await tab.send("hello")
        agent, group = Watching(), staff_group(ack["ticket"])
        await hub().join(group, agent)
        for on in (True, True, True, False, False, True):
            tab.say("typing", on=on)
        await until(lambda: len(agent.heard) == 2)
        await asyncio.sleep(0.2)
        hub().leave(group, agent)
        assert [(kind, seq, b'"on":true' in data) for kind, seq, data in agent.heard] == [
            ("typing", 0, True), ("typing", 0, False),
        ]  # fmt: skip
    assert await count_of(Message) == 1


async def test_typing_without_a_chat_is_nothing(browser):
    async with tab_of(browser) as tab:
        await tab.next("welcome")
        tab.say("typing", on=True)
        await tab.client.silence(0.2)


async def test_read_is_noted_up_to_what_was_sent(browser):
    async with tab_of(browser) as tab:
        for _ in range(3):
            await tab.send("hello")
        await tab.next("message", seq=3)
        for seq in (1, 2, 3, 2, 2_000_000_000):
            tab.say("read", seq=seq)
        await until(lambda: True)
        for _ in range(100):
            if await in_db(lambda: list(TicketRead.objects.values_list("agent", "public_seq"))) == [(None, 3)]:
                break
            await asyncio.sleep(0.02)
        assert await in_db(lambda: list(TicketRead.objects.values_list("agent", "public_seq"))) == [(None, 3)]


async def test_ping_says_how_far_we_are(browser):
    async with tab_of(browser) as tab:
        tab.say("ping")
        assert await tab.next("pong") == {"type": "pong", "public_seq": 0}
        await tab.send("hello")
        await tab.next("message", seq=1)
        tab.say("ping")
        assert await tab.next("pong") == {"type": "pong", "public_seq": 1}


async def test_resume_without_a_chat_is_nothing(browser):
    async with tab_of(browser) as tab:
        await tab.next("welcome")
        for _ in range(20):
            tab.say("resume", after=0)
        tab.say("got", seq=3)
        tab.say("ping")
        await tab.next("pong")
        assert tab.seen == []


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("choose", {"seq": 1, "option": "a"}),
        ("emergency", {"kind": "stolen", "note": "now"}),
        ("rate", {"score": 5, "comment": "fine"}),
        ("feedback", {"seq": 1, "helpful": True}),
    ],
)
async def test_what_is_not_built_yet_says_so(browser, kind, fields):
    async with talk(CustomerSocket, hello={"v": 1, "token": browser.token}) as client:
        asked = str(uuid4())
        client.say_text(_text(kind, asked, fields))
        tab = Tab(client)
        assert (await tab.error(asked))["code"] == "not_available"
    assert await count_of(Ticket) == 0


def _text(kind, client_id, fields):
    return json.dumps({"type": kind, "client_id": client_id} | fields)


async def test_a_revoked_session_closes_its_sockets_at_once(browser):
    async with tab_of(browser) as one, tab_of(browser) as other:
        await one.next("welcome")
        await other.next("welcome")
        await in_db(close_session, browser.token)
        assert {await one.code(), await other.code()} == {4409}


async def test_a_revocation_that_nobody_announced_is_found(browser):
    async with tab_of(browser) as tab:
        await tab.next("welcome")
        await in_db(type(browser.session).objects.filter(pk=browser.session.pk).update, epoch=2)
        assert await tab.code(within=8) == 4409


async def test_an_entry_that_nobody_announced_is_found(browser):
    async with tab_of(browser) as tab:
        ack = await tab.send("hello")
        await tab.next("message", seq=1)
        await in_db(_append_silently, browser)
        assert (await asyncio.wait_for(tab.next("message", seq=2), 8))["body"] == "silent"
        assert ack["seq"] == 1


def _append_silently(browser):
    """A committed message whose announcement was lost."""
    with transaction.atomic():
        browser.says("silent")
        connection.run_on_commit.clear()


async def test_nothing_of_the_key_or_the_text_is_printed(browser):
    async with tab_of(browser) as tab:
        await tab.send("hello")
    socket_chat = await in_db(_chat_of, browser)
    shown = repr(socket_chat)
    assert "seal" not in shown
    assert "OpenKey" not in shown


def _chat_of(browser):
    return live_chat_of(browser.customer)

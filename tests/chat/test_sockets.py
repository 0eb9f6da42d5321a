"""The customer's socket, frame by frame: each row of the protocol once done and once refused."""

import asyncio
import json
from contextlib import asynccontextmanager
from uuid import uuid4

import pytest
from django.db import connection, transaction

from accounts.actions.sessions import close_session
from accounts.models import SitePolicy
from chat.selectors import live_chat_of
from chat.sockets import CustomerSocket
from core.db import in_db
from core.hub import hub
from tests.chat.conftest import until
from tests.core.socket_client import talk
from tickets.actions.endings import end_chat
from tickets.groups import staff_group
from tickets.models import Message, Ticket, TicketRead

PHRASE = "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about"


class Tab:
    """One browser tab: waits for the frame it wants and keeps the others."""

    def __init__(self, client):
        self.client = client
        self.seen = []
        self.code = client.code

    def say(self, kind, **fields):
        self.client.say(
            type=kind, **{name: str(value) if name == "client_id" else value for name, value in fields.items()}
        )

    async def next(self, kind, **wanted):
        """The first frame of a kind with these values that has not been waited for yet."""
        while True:
            for frame in self.seen:
                if frame["type"] == kind and all(frame.get(name) == value for name, value in wanted.items()):
                    self.seen.remove(frame)
                    return frame
            self.seen.append(await self.client.frame(within=5))

    async def send(self, body, client_id=None, **more):
        client_id = client_id or uuid4()
        self.say("message.send", client_id=client_id, body=body, **more)
        return await self.next("ack", client_id=str(client_id))

    async def error(self, client_id=None):
        return await self.next("error", **({"client_id": str(client_id)} if client_id else {}))


@asynccontextmanager
async def tab_of(browser, after=0, **hello):
    async with talk(CustomerSocket, hello={"v": 1, "token": browser.token, "after": after} | hello) as client:
        yield Tab(client)


@pytest.fixture
def browser(committed_browser):
    return committed_browser


async def count_of(model):
    return await in_db(model.objects.count)


async def set_status(status):
    await in_db(Ticket.objects.update, status=status, **({"assignee": None} if status == "solved" else {}))


# --- hello ------------------------------------------------------------------------------------------------------------


async def test_hello_without_a_chat(browser):
    async with tab_of(browser) as tab:
        welcome = await tab.next("welcome")
        assert welcome | {"limits": {}} == {
            "type": "welcome", "v": 1, "features": ["human", "attachments", "typing", "read", "end"], "ticket": None,
            "public_seq": 0, "agent": None, "queue": None, "limits": {}, "degraded": False,
        }  # fmt: skip
        assert welcome["limits"]["body"] == 5000


async def test_hello_with_a_chat_brings_what_was_missed_and_then_goes_live(browser):
    posted = [await in_db(browser.says, f"message {number}") for number in range(1, 4)]
    async with tab_of(browser, after=1) as tab:
        welcome = await tab.next("welcome")
        assert welcome["ticket"] == {"id": str(posted[0].ticket), "status": "bot", "public_seq": 3}
        assert [(await tab.next("message"))["seq"] for _ in range(2)] == [2, 3]
        await in_db(browser.says, "live")
        live = await tab.next("message")
        assert (live["seq"], live["body"], live["author"]) == (4, "live", {"kind": "customer", "name": ""})


async def test_a_number_of_another_ticket_counts_as_nothing_seen(browser):
    await in_db(browser.says, "hello")
    async with tab_of(browser, after=500) as tab:
        assert (await tab.next("message"))["seq"] == 1


async def test_more_than_a_page_is_announced_and_resumed(browser):
    for number in range(1, 206):
        await in_db(browser.says, str(number))
    async with tab_of(browser) as tab:
        assert (await tab.next("more"))["after"] == 200
        assert [frame["seq"] for frame in tab.seen if frame["type"] == "message"] == list(range(1, 201))
        tab.say("resume", after=200)
        assert [(await tab.next("message", seq=number))["body"] for number in range(201, 206)]


@pytest.mark.parametrize(
    ("hello", "code"),
    [({"token": "x" * 43}, 4401), ({"token": "y"}, 4401), ({"v": 2}, 4400)],
)
async def test_a_hello_that_opens_nothing(browser, hello, code):
    async with tab_of(browser, **hello) as tab:
        assert await tab.code() == code


async def test_a_revoked_token_opens_nothing(browser):
    await in_db(close_session, browser.token)
    async with tab_of(browser) as tab:
        assert await tab.code() == 4401


async def test_other_frames_before_hello_close(browser):
    async with talk(CustomerSocket) as client:
        await client.event()
        client.say(type="message.send", client_id=str(uuid4()), body="x")
        assert await client.code() == 4401
    assert await count_of(Message) == 0


@pytest.mark.parametrize(
    "origin", [None, b"null", b"https://evil.example", b"http://127.0.0.1:8000/", b"http://u@127.0.0.1:8000"]
)
async def test_other_origins_do_not_get_in(browser, origin):
    async with talk(CustomerSocket, origin=origin) as client:
        assert await client.code() == 4403


# --- messages ---------------------------------------------------------------------------------------------------------


async def test_the_first_message_opens_a_ticket_and_the_next_take_the_fast_way(browser):
    async with tab_of(browser) as tab:
        await tab.next("welcome")
        first = await tab.send("where is my deposit")
        ticket = await in_db(Ticket.objects.get)
        assert (first["seq"], first["ticket"], first["scrubbed"]) == (1, str(ticket.public_id), [])
        assert (await tab.next("welcome"))["ticket"]["id"] == str(ticket.public_id)
        second = await tab.send("it is urgent")
        assert second["seq"] == 2
        frames = [await tab.next("message") for _ in range(2)]
        assert [(frame["seq"], frame["body"]) for frame in frames] == [(1, "where is my deposit"), (2, "it is urgent")]
        assert frames[1]["client_id"] == second["client_id"]
    rows = await in_db(
        lambda: list(Message.objects.order_by("seq").values_list("seq", "public_seq", "assurance", "source"))
    )
    assert rows == [(1, 1, "anonymous", "chat"), (2, 2, "anonymous", "chat")]


async def test_many_messages_at_once_keep_their_order_from_the_very_first(browser):
    async with tab_of(browser) as tab:
        ids = [uuid4() for _ in range(20)]
        for number, client_id in enumerate(ids):
            tab.say("message.send", client_id=client_id, body=f"message {number}")
        acks = [await tab.next("ack", client_id=str(client_id)) for client_id in ids]
        assert [ack["seq"] for ack in acks] == list(range(1, 21))
        bodies = [(await tab.next("message", seq=number))["body"] for number in range(1, 21)]
        assert bodies == [f"message {number}" for number in range(20)]
    assert await count_of(Ticket) == 1


async def test_a_repeat_gets_the_same_ack_on_both_ways(browser):
    used, fast = uuid4(), uuid4()
    async with tab_of(browser) as tab:
        first = await tab.send("hello", used)
        quick = await tab.send("again", fast)
        assert await tab.send("again", fast) == quick
        assert await tab.send("hello", used) == first
    async with tab_of(browser) as tab:
        assert await tab.send("hello", used) == first
    assert await count_of(Message) == 2


async def test_other_text_under_a_used_id_is_a_conflict_on_both_ways(browser):
    used, fast = uuid4(), uuid4()
    async with tab_of(browser) as tab:
        await tab.send("hello", used)
        await tab.send("quick", fast)
        for client_id in (used, fast):
            tab.say("message.send", client_id=client_id, body="something else")
            assert (await tab.error(client_id))["code"] == "conflict"
    assert await count_of(Message) == 2


async def test_a_secret_is_removed_on_both_ways_and_nowhere_in_the_tables(browser):
    async with tab_of(browser) as tab:
        for _ in range(2):
            ack = await tab.send(f"my words: {PHRASE}")
            assert ack["scrubbed"] == ["seed_phrase"]
        assert (await tab.next("message", seq=2))["body"] == "my words: [removed: seed_phrase]"


async def test_a_long_message_goes_the_ordinary_way_and_keeps_its_place(browser):
    async with tab_of(browser) as tab:
        await tab.send("hello")
        ids = [uuid4() for _ in range(3)]
        for client_id, body in zip(ids, ("short", "long " * 900, "short again"), strict=True):
            tab.say("message.send", client_id=client_id, body=body)
        assert [(await tab.next("ack", client_id=str(client_id)))["seq"] for client_id in ids] == [2, 3, 4]


@pytest.mark.parametrize(("body", "code"), [("", "empty"), (" \n ", "empty"), ("x" * 5001, "too_long")])
@pytest.mark.parametrize("has_chat", [False, True])
async def test_text_that_cannot_be_stored_is_refused_on_both_ways(browser, body, code, has_chat):
    async with tab_of(browser) as tab:
        if has_chat:
            await tab.send("hello")
        refused = uuid4()
        tab.say("message.send", client_id=refused, body=body)
        error = await tab.error(refused)
        assert error["code"] == code
        assert error["message"]
    assert await count_of(Message) == int(has_chat)


async def test_files_of_a_stranger_are_not_found_and_the_order_holds(browser):
    async with tab_of(browser) as tab:
        await tab.send("hello")
        wrong, right = uuid4(), uuid4()
        tab.say("message.send", client_id=wrong, body="see", attachments=[str(uuid4())])
        tab.say("message.send", client_id=right, body="never mind")
        assert (await tab.error(wrong))["code"] == "file_not_found"
        assert (await tab.next("ack", client_id=str(right)))["seq"] == 2


async def test_a_message_reopens_a_solved_chat_and_those_behind_it_keep_their_order(browser):
    async with tab_of(browser) as tab:
        await tab.send("hello")
        await in_db(end_chat, customer=browser.customer, session_assurance="anonymous")
        await tab.next("status", status="solved")
        ids = [uuid4() for _ in range(5)]
        for number, client_id in enumerate(ids):
            tab.say("message.send", client_id=client_id, body=f"not solved {number}")
        acks = [await tab.next("ack", client_id=str(client_id)) for client_id in ids]
        assert [ack["seq"] for ack in acks] == sorted(ack["seq"] for ack in acks)
        assert len({ack["ticket"] for ack in acks}) == 1
    assert (await in_db(Ticket.objects.get)).status == "queued"


async def test_a_message_after_a_closed_chat_opens_another_one(browser):
    async with tab_of(browser) as tab:
        first = await tab.send("hello")
        await in_db(Ticket.objects.update, status="closed")
        second = await tab.send("hello again")
        assert second["ticket"] != first["ticket"]
        assert second["seq"] == 1
        await tab.next("welcome", ticket=None)
        while (await tab.next("welcome"))["ticket"]["id"] != second["ticket"]:
            pass
        third = await tab.send("and more")
        assert (third["ticket"], third["seq"]) == (second["ticket"], 2)
    assert await count_of(Ticket) == 2


async def test_ten_first_messages_at_once_open_one_ticket(browser):
    async with asyncio.timeout(30):
        await asyncio.gather(*(_start(browser, number) for number in range(10)))
    assert await count_of(Ticket) == 1
    numbers = await in_db(lambda: sorted(Message.objects.values_list("public_seq", flat=True)))
    assert numbers == list(range(1, 11))


async def _start(browser, number):
    async with tab_of(browser) as tab:
        await tab.next("welcome")
        await tab.send(f"first {number}")


async def test_messages_are_limited_by_the_sites_policy(browser, committed_site):
    await in_db(SitePolicy.objects.create, site=committed_site, name="limit.messages_per_minute", value=9)
    async with tab_of(browser) as tab:
        for _ in range(3):
            await tab.send("hello")
        tab.say("message.send", client_id=(fourth := uuid4()), body="too soon")
        error = await tab.error(fourth)
        assert error["code"] == "too_many"
        assert error["retry_after"] > 0
    assert await count_of(Message) == 3


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

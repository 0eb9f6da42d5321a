"""The customer's socket, frame by frame: hello and messages, each once done and once refused."""

import asyncio
from uuid import uuid4

import pytest

from accounts.actions.sessions import close_session
from accounts.models import SitePolicy
from chat.sockets import CustomerSocket
from core.db import in_db
from tests.chat.tabs import tab_of
from tests.core.socket_client import talk
from tickets.actions.endings import end_chat
from tickets.models import Message, Ticket

PHRASE = "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about"


@pytest.fixture
def browser(committed_browser):
    return committed_browser


async def count_of(model):
    return await in_db(model.objects.count)


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

"""The customers' edge in real processes: two web servers, one database, one Redis."""

import asyncio
import contextlib
import json
from uuid import uuid4

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.chat.hostile import frames
from tests.clients import chatting, new_session
from tickets.models import Message, Ticket

pytestmark = [pytest.mark.usefixtures("committed_site"), pytest.mark.timeout(240)]


def bearer(base_url, session):
    return {"Authorization": f"Bearer {session['token']}", "Origin": base_url}


async def post(address, session, **more):
    base_url = "/".join(address.split("/")[:3])
    async with httpx.AsyncClient(timeout=10) as browser:
        return await browser.post(address, headers=bearer(base_url, session), **more)


def bodies(client):
    return [client.seen[seq].get("body") for seq in sorted(client.seen)]


def test_two_tabs_on_two_servers_share_one_chat(desk):
    running = desk(web=2)
    one_url, other_url = running.base_urls
    session = new_session(one_url)

    async def talk():
        async with chatting(one_url, session["token"]) as one, chatting(other_url, session["token"]) as other:
            first = await one.send("from the first server")
            await other.until(lambda: 1 in other.seen)
            second = await other.send("from the second server")
            await one.until(lambda: 2 in one.seen and second in other.acks and first in one.acks)
            message = {"client_id": str(uuid4()), "body": "by request"}
            assert (await post(f"{other_url}/api/chat/messages", session, json=message)).status_code == 201
            await one.until(lambda: 3 in one.seen)
            await other.until(lambda: 3 in other.seen)
            assert bodies(one) == bodies(other) == ["from the first server", "from the second server", "by request"]
            assert (await post(f"{other_url}/api/widget/larkfield/logout", session)).status_code == 204
            await asyncio.wait_for(asyncio.gather(one.socket.wait_closed(), other.socket.wait_closed()), 5)
            assert {one.socket.close_code, other.socket.close_code} == {4409}

    asyncio.run(talk())
    assert Ticket.objects.count() == 1


def test_ten_first_messages_on_two_servers_open_one_ticket(desk):
    running = desk(web=2)
    for round_number in range(5):
        session = new_session(running.base_url)

        async def start(number, session=session):
            async with chatting(running.base_urls[number % 2], session["token"]) as client:
                sent = await client.send(f"first of tab {number}")
                await client.until(lambda: sent in client.acks)
                return client.acks[sent]

        async def start_all(start=start):
            return await asyncio.gather(*(start(number) for number in range(10)))

        acks = asyncio.run(start_all())
        assert len({ack["ticket"] for ack in acks}) == 1
        assert sorted(ack["seq"] for ack in acks) == list(range(1, 11))
        assert Ticket.objects.count() == round_number + 1
    assert Message.objects.count() == 50


def test_hostile_frames_and_requests_kill_nothing(desk):
    running = desk(web=1)
    url, pids = running.base_url, running.pids
    session = new_session(url)
    socket_url = url.replace("http", "ws", 1) + "/ws/chat/"

    async def attack():
        refused = 0
        hostile = [text for text in frames() if len(text.encode(errors="replace")) < 65_000]
        for start in range(0, len(hostile), 9):
            async with connect(socket_url, origin=url, compression=None) as socket:
                await socket.send(json.dumps({"type": "hello", "v": 1, "token": session["token"]}))
                await socket.recv()
                for text in hostile[start : start + 9]:
                    await socket.send(text)
                    answer = json.loads(await asyncio.wait_for(socket.recv(), 5))
                    assert answer["code"] == "bad_frame", text[:100]
                    refused += 1
        return refused

    async def oversize(message):
        async with connect(socket_url, origin=url, compression=None) as socket:
            with contextlib.suppress(ConnectionClosed):
                await socket.send(message)
            await asyncio.wait_for(socket.wait_closed(), 5)
        return socket.close_code

    async def foreign(origin):
        with pytest.raises(InvalidStatus) as refused:
            await connect(socket_url, origin=origin, compression=None)
        return refused.value.response.status_code

    assert asyncio.run(attack()) >= 300
    assert {asyncio.run(oversize(message)) for message in ("x" * 70_000, "x" * 5_000_000, b"\x00" * 70_000)} <= {
        1006,
        1009,
    }
    assert asyncio.run(oversize(b"{}")) == 4400
    assert {asyncio.run(foreign(origin)) for origin in (None, "null", "https://evil.example", url + "/")} == {403}
    with httpx.Client(base_url=url, headers=bearer(url, session)) as browser:
        for body in (
            b"",
            b"{",
            b"[" * 60_000,
            b"\xff",
            b'{"client_id":"\\u0000"}',
            b"x" * 3_000_000,
            iter([b"x" * 70_000] * 5),
        ):
            answer = browser.post("/api/chat/messages", content=body, headers={"Content-Type": "application/json"})
            assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad_request")
        assert browser.get("/api/chat/messages").status_code == 200
    assert running.pids == pids
    assert "Traceback" not in running.log("web")
    assert Ticket.objects.count() == 0


def test_a_file_goes_up_and_comes_down_and_is_nowhere_in_the_open(desk, servers):
    running = desk(web=2)
    one, other = running.base_urls
    session = new_session(one)
    words = b"the number of my order is 4711-0815-secret-to-us"
    up = httpx.post(
        f"{one}/api/chat/attachments", files={"file": ("my order.txt", words)}, headers=bearer(one, session)
    )
    assert (up.status_code, up.json()["state"]) == (201, "stored")
    card = httpx.get(f"{other}/api/chat/attachments/{up.json()['id']}", headers=bearer(other, session)).json()
    down = httpx.get(other + card["url"])
    assert (down.status_code, down.content) == (200, words)
    assert down.headers["content-disposition"] == 'attachment; filename="my order.txt"'
    assert httpx.get(f"{one}{card['url'][:-2]}xx").status_code == 404
    stored = [path for path in (servers.directory / servers.worker / "media").rglob("*") if path.is_file()]
    assert stored
    assert not [path for path in stored if b"4711" in path.read_bytes()]
    assert "4711" not in running.log("web") + running.log("web-2")
    for name in ("web", "web-2"):
        assert session["token"] not in running.log(name)
        assert card["url"].rpartition("/")[2] not in running.log(name)

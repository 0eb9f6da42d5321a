"""Whatever a client sends: one constant error, nothing repeated, nothing stored, nobody else disturbed."""

import asyncio
import json
from uuid import uuid4

import pytest

from chat.sockets import CustomerSocket
from core.db import in_db
from core.sockets import MAX_BAD
from tests.chat.hostile import frames
from tests.core.socket_client import talk
from tickets.models import Message, Ticket

HOSTILE = frames()
CONSTANT = {"type": "error", "code": "bad_frame"}


def test_there_are_enough_of_them():
    assert len(HOSTILE) == len(set(HOSTILE)) >= 300


async def refusals_of(browser, batch):
    """What one socket answers to some frames, and that it is still there afterwards."""
    async with talk(CustomerSocket, hello={"v": 1, "token": browser.token}) as client:
        assert (await client.frame())["type"] == "welcome"
        for text in batch:
            client.say_text(text)
        answers = [await client.frame() for _ in batch]
        client.say(type="ping")
        assert (await client.frame())["type"] == "pong"
        return answers


async def test_every_hostile_frame_gets_the_constant_error(committed_browser):
    step = MAX_BAD - 1
    said = set()
    for start in range(0, len(HOSTILE), step):
        batch = HOSTILE[start : start + step]
        for text, answer in zip(batch, await refusals_of(committed_browser, batch), strict=True):
            assert answer | {"message": ""} == CONSTANT | {"message": ""}, text[:200]
            said.add(answer["message"])
    assert len(said) == 1
    assert await in_db(Ticket.objects.count) == await in_db(Message.objects.count) == 0


async def test_a_socket_that_goes_on_like_that_is_closed(committed_browser):
    async with talk(CustomerSocket, hello={"v": 1, "token": committed_browser.token}) as client:
        for text in HOSTILE[: MAX_BAD + 1]:
            client.say_text(text)
        assert await client.code() == 4400


@pytest.mark.parametrize(
    ("text", "code"),
    [("x" * 65_537, 1009), ("é" * 40_000, 1009), (json.dumps({"type": "hello", "v": 1, "token": "x"}), 4400)],
)
async def test_frames_that_close_at_once(committed_browser, text, code):
    async with talk(CustomerSocket, hello={"v": 1, "token": committed_browser.token}) as client:
        await client.frame()
        client.say_text(text)
        assert await client.code() == code


async def test_bytes_close_at_once(committed_browser):
    async with talk(CustomerSocket, hello={"v": 1, "token": committed_browser.token}) as client:
        await client.frame()
        client.inbox.put_nowait({"type": "websocket.receive", "bytes": b'{"type":"ping"}'})
        assert await client.code() == 4400


@pytest.mark.parametrize(
    "hello",
    [
        {},
        {"v": "1"},
        {"v": 1, "token": 7},
        {"v": 1, "token": ""},
        {"v": 1, "token": "x" * 201},
        {"v": 1, "token": "x", "after": -1},
        {"v": 1, "token": "x", "user": 1},
    ],
)
async def test_a_hello_of_another_form_is_no_hello(committed_browser, hello):
    async with talk(CustomerSocket, hello=hello) as client:
        assert (await client.frame())["code"] == "bad_frame"


async def test_a_flood_closes_its_own_socket_only(committed_browser):
    async with (
        talk(CustomerSocket, hello={"v": 1, "token": committed_browser.token}) as flood,
        talk(CustomerSocket, hello={"v": 1, "token": committed_browser.token}) as calm,
    ):
        await flood.frame()
        await calm.frame()
        for _ in range(2_000):
            flood.say(type="ping")
        assert await flood.code(within=5) == 4429
        calm.say(type="ping")
        assert (await calm.frame())["type"] == "pong"


async def test_hostile_frames_between_good_ones_change_nothing(committed_browser):
    async with talk(CustomerSocket, hello={"v": 1, "token": committed_browser.token}) as client:
        ids = [str(uuid4()) for _ in range(MAX_BAD - 1)]
        for client_id, text in zip(ids, HOSTILE, strict=False):
            client.say_text(text)
            client.say(type="message.send", client_id=client_id, body=f"good {client_id}")
        acks = {}
        async with asyncio.timeout(10):
            while len(acks) < len(ids):
                frame = await client.frame(within=5)
                if frame["type"] == "ack":
                    acks[frame["client_id"]] = frame["seq"]
        assert [acks[client_id] for client_id in ids] == list(range(1, len(ids) + 1))

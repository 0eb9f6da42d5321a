import asyncio
import os
import subprocess
import sys
import threading
import time
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from core import metrics
from core.hub import Frame, Hub
from core.hub_redis import SHARDS, channel_of
from core.hub_seal import HubSeal
from tests.core.redis_server import throwaway_redis
from tests.core.socket_client import until

KEY = bytes(range(32))
PROJECT = Path(__file__).resolve().parents[2]


class Listener:
    def __init__(self):
        self.heard = []
        self.threads = set()

    def deliver(self, frame):
        self.heard.append((frame.group, frame.seq, frame.data.decode()))
        self.threads.add(threading.get_ident())


def frame(group, seq, text="x"):
    return Frame(group, seq, "message", text.encode())


@pytest.fixture
def server():
    with throwaway_redis() as running:
        yield running


@asynccontextmanager
async def a_hub(url, key=KEY):
    made = Hub(url=url, prefix="t:", key=key)
    try:
        yield made
    finally:
        await made.stop()


@asynccontextmanager
async def a_peer(url, *groups):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(PROJECT), os.environ.get("PYTHONPATH", "")])}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.core.hub_peer", url, *groups,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=PROJECT, env=environment,
    )  # fmt: skip
    try:
        assert await asyncio.wait_for(process.stdout.readline(), 20) == b"ready\n"
        yield process
    finally:
        process.kill()
        await process.wait()


async def test_frames_reach_the_members_of_their_group_only(server):
    async with a_hub(server.url) as hub:
        one, two = Listener(), Listener()
        await hub.join("a", one)
        await hub.join("a", one)
        await hub.join("b", two)
        hub.publish([frame("a", 1), frame("b", 2), frame("c", 3)])
        assert (one.heard, two.heard) == ([("a", 1, "x")], [("b", 2, "x")])
        hub.leave("a", one)
        hub.leave("a", one)
        hub.publish([frame("a", 4)])
        assert len(one.heard) == 1


async def test_threads_publish_and_the_loop_delivers(server):
    async with a_hub(server.url) as hub:
        listener = Listener()
        await hub.join("a", listener)
        await asyncio.to_thread(hub.publish, [frame("a", seq) for seq in range(100)])
        await until(lambda: len(listener.heard) == 100)
        assert [seq for _, seq, _ in listener.heard] == list(range(100))
        assert listener.threads == {threading.get_ident()}


async def test_two_processes_exchange_frames_in_order(server):
    async with a_hub(server.url) as hub, a_peer(server.url, "a", "b") as peer:
        listener = Listener()
        await hub.join("c", listener)
        hub.publish([frame("a", seq) for seq in range(1, 201)])
        lines = [await asyncio.wait_for(peer.stdout.readline(), 5) for _ in range(200)]
        assert lines == [b"a %d x\n" % seq for seq in range(1, 201)]
        peer.stdin.write(b"".join(b"c %d y\n" % seq for seq in range(1, 201)))
        await until(lambda: len(listener.heard) == 200)
        assert listener.heard == [("c", seq, "y") for seq in range(1, 201)]


async def test_a_process_without_sockets_reaches_those_with(server):
    async with a_hub(server.url) as hub:
        listener = Listener()
        await hub.join("a", listener)
        worker = Hub(url=server.url, prefix="t:", key=KEY)
        await asyncio.to_thread(worker.publish, [frame("a", 1), frame("a", 2)])
        await until(lambda: len(listener.heard) == 2)
        assert not worker.degraded


async def test_redis_carries_nothing_readable(server):
    watching = server.client().pubsub(ignore_subscribe_messages=True)
    watching.psubscribe("*")
    watching.get_message(timeout=1)
    async with a_hub(server.url) as hub:
        await hub.join("a", Listener())
        hub.publish([frame("a", 1, "my-words")])
        seen = await asyncio.to_thread(watching.get_message, timeout=2)
    assert seen["channel"] == channel_of("t:", "a")
    assert b"my-words" not in seen["data"]
    watching.close()


async def test_forged_moved_and_repeated_frames_are_dropped_and_counted(server):
    dropped = metrics.HUB_DROPPED.labels("unopened")._value
    before = dropped.get()
    async with a_hub(server.url) as hub:
        listener = Listener()
        await hub.join("a", listener)
        outside, channel = server.client(), channel_of("t:", "a")
        row = ("a", 1, "message", b"x")
        honest = HubSeal(KEY).seal(channel, [row])
        for payload in (b"", b"x", os.urandom(200), HubSeal(os.urandom(32)).seal(channel, [row])):
            outside.publish(channel, payload)
        outside.publish(channel, HubSeal(KEY).seal(b"t:hub:other", [row]))
        outside.publish(channel, honest)
        outside.publish(channel, honest)
        await until(lambda: dropped.get() == before + 6)
        assert listener.heard == [("a", 1, "x")]


async def test_a_flushed_redis_is_not_noticed(server):
    async with a_hub(server.url) as hub, a_peer(server.url, "a") as peer:
        await hub.join("b", Listener())
        server.client().flushall()
        hub.publish([frame("a", 1)])
        assert await asyncio.wait_for(peer.stdout.readline(), 5) == b"a 1 x\n"


async def test_a_killed_redis_degrades_and_a_new_one_heals(server):
    async with a_hub(server.url) as hub, a_peer(server.url, "a") as peer:
        listener = Listener()
        await hub.join("b", listener)
        assert not hub.degraded
        server.kill()
        await until(lambda: hub.degraded)
        hub.publish([frame("a", 1), frame("b", 1)])
        assert listener.heard == [("b", 1, "x")]
        started = time.monotonic()
        await hub.join("c", listener)
        assert time.monotonic() - started < 0.1
        server.start()
        await until(lambda: not hub.degraded, within=10)
        await asyncio.sleep(0.5)
        peer.stdin.write(b"c 2 y\n")
        await until(lambda: ("c", 2, "y") in listener.heard, within=10)


async def test_a_redis_that_never_was_delays_nobody(tmp_path):
    async with a_hub(f"unix://{tmp_path}/none.sock?db=0") as hub:
        listener = Listener()
        started = time.monotonic()
        await hub.join("a", listener)
        hub.publish([frame("a", 1)])
        assert listener.heard == [("a", 1, "x")]
        assert time.monotonic() - started < 0.5
        await until(lambda: hub.degraded)


async def test_a_redis_that_hangs_delays_nobody_for_long(server):
    server.client().client_pause(3000)
    async with a_hub(server.url) as hub:
        started = time.monotonic()
        await hub.join("a", Listener())
        assert time.monotonic() - started < 1.5
        await until(lambda: hub.degraded, within=3)
        await until(lambda: not hub.degraded, within=15)


def test_groups_are_spread_over_the_channels():
    channels = {channel_of("t:", f"ticket:{number}") for number in range(2000)}
    assert len(channels) == SHARDS

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
import websockets

PROJECT = Path(__file__).resolve().parents[2]


@asynccontextmanager
async def daphne():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        **os.environ,
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "PYTHONPATH": os.pathsep.join([str(PROJECT), os.environ.get("PYTHONPATH", "")]),
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "daphne", "-b", "127.0.0.1", "-p", str(port),
        "--websocket-max-message-size", "65536", "--websocket-max-frame-size", "65536",
        "tests.core.asgi_echo:application",
        cwd=PROJECT, env=environment, stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        for _ in range(200):
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                break
            except OSError:
                await asyncio.sleep(0.05)
        yield process, f"127.0.0.1:{port}"
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


@asynccontextmanager
async def browser(address, after=100):
    async with websockets.connect(f"ws://{address}/", origin=f"http://{address}", max_size=None) as line:
        await line.send(json.dumps({"type": "hello", "v": 1, "after": after}))
        yield line


def masked(text):
    """A short text frame as a browser writes it, under a mask of zeros."""
    data = text.encode()
    return bytes([0x81, 0x80 | len(data)]) + bytes(4) + data


async def deaf_browser(address):
    """A socket that has said hello and never reads."""
    host, port = address.split(":")
    line = socket.socket()
    line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    line.connect((host, int(port)))
    line.sendall(
        f"GET / HTTP/1.1\r\nHost: {address}\r\nOrigin: http://{address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    await asyncio.sleep(0.3)
    line.sendall(masked('{"type":"hello","v":1}'))
    return line


async def frames(line, count):
    return [json.loads(await asyncio.wait_for(line.recv(), 5)) for _ in range(count)]


def resident_mebibytes(pid):
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


async def test_frames_travel_and_foreign_pages_stay_outside():
    async with daphne() as (_, address):
        async with browser(address, after=98) as line:
            assert [frame["seq"] for frame in await frames(line, 2)] == [99, 100]
            await line.send('{"type":"message.send","client_id":"1","body":"grüße 🙂"}')
            assert await frames(line, 1) == [{"type": "ack", "body": "grüße 🙂"}]
        for origin in ("http://evil.example", f"http://user@{address}", None):
            with pytest.raises(websockets.InvalidStatus) as refused:
                await websockets.connect(f"ws://{address}/", origin=origin)
            assert refused.value.response.status_code == 403


async def test_too_long_and_endless_messages_are_closed_and_cost_no_memory():
    async with daphne() as (process, address):
        before = resident_mebibytes(process.pid)
        for message in ("x" * 65_537, "x" * 20_000_000, ["x" * 1000] * 10_000):
            async with browser(address) as line:
                with suppress(websockets.ConnectionClosed):
                    await line.send(message)
                with pytest.raises(websockets.ConnectionClosed):
                    await frames(line, 1)
                # Autobahn drops the connection at its own limit, without a goodbye.
                assert line.close_code == 1006
        assert resident_mebibytes(process.pid) - before < 20


async def test_a_restart_lets_commits_finish_and_says_goodbye():
    async with daphne() as (process, address), browser(address) as busy, browser(address) as idle:
        await busy.send('{"type":"message.send","client_id":"1","body":"slow"}')
        await busy.send('{"type":"ping"}')
        assert [frame["type"] for frame in await frames(busy, 1)] == ["pong"]
        await idle.send('{"type":"ping"}')
        await frames(idle, 1)
        process.send_signal(signal.SIGTERM)
        assert await frames(busy, 2) == [{"type": "restart", "within": 10}, {"type": "ack", "body": "slow"}]
        assert await frames(idle, 1) == [{"type": "restart", "within": 10}]
        for line in (busy, idle):
            with pytest.raises(websockets.ConnectionClosed):
                await frames(line, 1)
            assert line.close_code == 1012
        assert await asyncio.wait_for(process.wait(), 10) is not None
        assert b"Traceback" not in await process.stderr.read()


async def test_a_client_that_asks_and_never_reads_is_closed_and_costs_little_memory():
    async with daphne() as (process, address):
        before = resident_mebibytes(process.pid)
        line = await deaf_browser(address)
        with suppress(OSError):
            for after in range(1, 100):  # each page is 500 KiB
                line.sendall(masked(f'{{"type":"resume","after":{after}}}'))
                await asyncio.sleep(0.02)
        await asyncio.sleep(1.5)
        assert resident_mebibytes(process.pid) - before < 15
        line.close()
        async with browser(address, after=99) as another:
            assert [frame["seq"] for frame in await frames(another, 1)] == [100]

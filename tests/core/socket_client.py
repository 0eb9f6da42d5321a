"""A browser's end of a socket, spoken to in ASGI without a server between."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

OURS = b"http://127.0.0.1:8000"


async def until(condition, within=5.0):
    """Wait for something that other tasks, threads or processes bring about."""
    deadline = asyncio.get_running_loop().time() + within
    while not condition():
        assert asyncio.get_running_loop().time() < deadline, "it did not happen"
        await asyncio.sleep(0.005)


class Client:
    """Sends what a browser would send and reads what it would get, in order."""

    def __init__(self):
        self.inbox = asyncio.Queue()
        self.outbox = asyncio.Queue()
        self.close_code = None

    async def receive(self):
        """What the server calls for the next event."""
        return await self.inbox.get()

    async def take(self, event):
        """What the server calls to send an event."""
        self.outbox.put_nowait(event)

    def say(self, **frame):
        """Send a frame."""
        self.say_text(json.dumps(frame))

    def say_text(self, text):
        """Send any text."""
        self.inbox.put_nowait({"type": "websocket.receive", "text": text})

    async def event(self, within=2.0):
        """The next event of the server."""
        return await asyncio.wait_for(self.outbox.get(), within)

    async def frame(self, within=2.0):
        """The next frame of the server, decoded."""
        event = await self.event(within)
        assert event["type"] == "websocket.send", event
        return json.loads(event["text"])

    async def frames(self, count):
        """So many frames."""
        return [await self.frame() for _ in range(count)]

    async def code(self, within=2.0):
        """The code that the server closes with; frames before it are skipped."""
        while (event := await self.event(within))["type"] == "websocket.send":
            pass
        assert event["type"] == "websocket.close", event
        return event["code"]

    async def silence(self, seconds=0.05):
        """Nothing comes."""
        await asyncio.sleep(seconds)
        assert self.outbox.empty(), self.outbox.get_nowait()


@asynccontextmanager
async def talk(socket_class, *, origin=OURS, hello=None) -> AsyncIterator[Client]:
    """Open a socket; with `hello` also send it. At the end the browser goes away."""
    client = Client()
    headers = [] if origin is None else [(b"origin", origin)]
    scope = {"type": "websocket", "path": "/ws/", "headers": headers}
    serving = asyncio.ensure_future(socket_class.as_asgi()(scope, client.receive, client.take))
    client.inbox.put_nowait({"type": "websocket.connect"})
    try:
        if hello is not None:
            assert (await client.event())["type"] == "websocket.accept"
            client.say(type="hello", **hello)
        yield client
    finally:
        client.inbox.put_nowait({"type": "websocket.disconnect", "code": 1001})
        await asyncio.wait_for(serving, 2)

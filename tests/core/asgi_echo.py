"""A server with one small socket, for tests that need a real Daphne around the socket base."""

import asyncio

import django
import msgspec

django.setup()

from core.hub import Frame  # noqa: E402 (needs the apps)
from core.sockets import FrameSocket  # noqa: E402 (needs the apps)
from support_desk.draining import drain_before_shutdown  # noqa: E402 (needs the apps)


class Hello(msgspec.Struct):
    v: int
    after: int = 0


class Send(msgspec.Struct):
    client_id: str
    body: str


class Ack(msgspec.Struct, tag="ack", tag_field="type"):
    body: str


class Echo(FrameSocket):
    """Has 100 numbered entries, and commits that take a while if asked to."""

    accepts = {"hello": Hello, "message.send": Send}

    async def on_hello(self, frame):
        """Send what is after the given number."""
        await self.go_live("thread:echo", frame.after)

    def on_message_send(self, frame):
        """Answer now, or in a second for "slow"."""
        self.later(asyncio.sleep(1.0 if frame.body == "slow" else 0, Ack(frame.body)), then=lambda ack: ack)

    async def read_after(self, after, limit):
        """Entries of about 5 KiB."""
        last = min(100, after + limit)
        return [
            Frame("thread:echo", seq, "message", b'{"type":"message","seq":%d,"body":"%s"}' % (seq, b"x" * 5000))
            for seq in range(after + 1, last + 1)
        ]


drain_before_shutdown()
application = Echo.as_asgi()

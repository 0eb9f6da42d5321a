"""A browser tab as tests speak for it, without a server between."""

from contextlib import asynccontextmanager
from uuid import uuid4

from chat.sockets import CustomerSocket
from tests.core.socket_client import talk


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

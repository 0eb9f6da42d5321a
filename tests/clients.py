"""Clients as outsiders write them: over the wire, by the protocol, without a line of the product."""

import asyncio
import contextlib
import hashlib
import hmac
import json
import struct
import time
from base64 import b32decode
from contextlib import asynccontextmanager
from uuid import uuid4

import httpx
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed


def new_session(base_url: str, site: str = "larkfield", **body) -> dict:
    """What a fresh iframe gets: token, customer, ticket, settings."""
    answer = httpx.post(f"{base_url}/api/widget/{site}/session", json=body, headers={"Origin": base_url}, timeout=10)
    answer.raise_for_status()
    return answer.json()


class ChatClient:
    """One tab: sends with an id that it keeps, acknowledges what it gets, keeps what it saw in the order of the numbers."""

    def __init__(self, socket, welcome):
        self.socket, self.welcome = socket, welcome
        self.acks, self.errors, self.seen, self.frames = {}, {}, {}, []
        self.newest = self.acknowledged = 0
        self.tasks = [asyncio.create_task(self._read()), asyncio.create_task(self._acknowledge())]

    async def send(self, body, client_id=None):
        client_id = client_id or str(uuid4())
        await self.socket.send(json.dumps({"type": "message.send", "client_id": client_id, "body": body}))
        return client_id

    async def human(self):
        client_id = str(uuid4())
        await self.socket.send(json.dumps({"type": "human", "client_id": client_id}))
        return client_id

    async def until(self, condition, seconds=15.0):
        """Wait until something is true of this client. Raises: TimeoutError with what it saw last."""
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                refused = sorted({error["code"] for error in self.errors.values()})
                raise TimeoutError(
                    f"closed {self.socket.close_code}, acks {len(self.acks)}, refused {refused}, {self.frames[-3:]}"
                )
            await asyncio.sleep(0.01)

    async def _read(self):
        with contextlib.suppress(ConnectionClosed):
            async for text in self.socket:
                await self._take(json.loads(text))

    async def _take(self, frame):
        self.frames.append(frame)
        if frame["type"] == "ack":
            self.acks[frame["client_id"]] = frame
        elif frame["type"] == "error" and "client_id" in frame:
            self.errors[frame["client_id"]] = frame
        elif frame.get("seq") and frame["type"] in ("message", "status", "changed"):
            self.seen[frame["seq"]] = frame
            self.newest = max(self.newest, frame["seq"])
        elif frame["type"] == "more":
            await self.socket.send(json.dumps({"type": "resume", "after": frame["after"]}))

    async def _acknowledge(self):
        """Several frames share one `got`, as a browser's do within one painted frame."""
        with contextlib.suppress(ConnectionClosed):
            while True:
                if self.newest > self.acknowledged:
                    self.acknowledged = self.newest
                    await self.socket.send(json.dumps({"type": "got", "seq": self.newest}))
                await asyncio.sleep(0.02)


@asynccontextmanager
async def chatting(base_url, token, after=0):
    """A connected tab that has been welcomed."""
    url = base_url.replace("http", "ws", 1) + "/ws/chat/"
    async with connect(url, origin=base_url, max_queue=None, compression=None) as socket:
        await socket.send(json.dumps({"type": "hello", "v": 1, "token": token, "after": after}))
        welcome = json.loads(await asyncio.wait_for(socket.recv(), 10))
        assert welcome["type"] == "welcome", welcome
        client = ChatClient(socket, welcome)
        try:
            yield client
        finally:
            for task in client.tasks:
                task.cancel()


def totp_now(secret: str) -> str:
    """The code an authenticator app shows now (RFC 6238), computed without the product."""
    mac = hmac.digest(b32decode(secret), struct.pack(">Q", int(time.time()) // 30), hashlib.sha1)
    offset = mac[-1] & 15
    return f"{(struct.unpack('>I', mac[offset : offset + 4])[0] & 0x7FFFFFFF) % 1_000_000:06d}"


def sign_in(base_url: str, email: str, password: str, secret: str) -> httpx.Client:
    """A browser of staff with both factors passed. Raises: AssertionError where the pages do not lead on."""
    browser = httpx.Client(base_url=base_url, follow_redirects=True, timeout=15, headers={"Origin": base_url})
    page = browser.get("/accounts/login/")
    page = browser.post("/accounts/login/", data={"username": email, "password": password, **_csrf(browser)})
    assert page.url.path == "/accounts/verify/", page.url
    page = browser.post("/accounts/verify/", data={"otp_token": totp_now(secret), **_csrf(browser)})
    assert page.url.path.startswith("/console/"), page.url
    return browser


def _csrf(browser: httpx.Client) -> dict[str, str]:
    return {"csrfmiddlewaretoken": next(value for name, value in browser.cookies.items() if "csrf" in name)}

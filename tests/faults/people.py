"""People who do not give up: a customer's tab with an outbox, and an agent's console, both over the wire by the protocol.

They behave as the widget and the console do: send again what has no answer, under the same id; after a broken connection
go to the next server and ask for what they missed. Everything they are told goes into a History for the judge.
"""

import asyncio
import contextlib
import json
import time
from abc import ABC, abstractmethod
from contextlib import asynccontextmanager
from uuid import uuid4

import httpx
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, WebSocketException

from tests.clients import new_session, sign_in
from tests.faults.judge import History, Line

UNDER_WAY = 32  # as the widget: unanswered messages of one connection
ANSWER_WITHIN = 15.0
OURS = ("message", "status", "changed", "note", "activity")


class Patient(ABC):
    """Connects, and connects again, until the block of `running` ends."""

    path = ""

    def __init__(self, name, urls):
        self.history = History(name)
        self.urls = list(urls)
        self.socket = None
        self.frames, self.close_codes, self.welcomes, self.connected_to = [], [], [], []

    @abstractmethod
    async def greet(self, socket, url):
        """Say hello."""

    def headers(self):
        """What the handshake carries beside the origin."""
        return {}

    @abstractmethod
    async def take(self, socket, frame):
        """Write down one frame, and answer it."""

    async def work(self, socket):  # noqa: B027 - nothing, unless a person has something to say
        """What goes on while the connection lives."""

    @asynccontextmanager
    async def running(self):
        """This person at their screen."""
        going = asyncio.create_task(self._go_on())
        try:
            await self.until(lambda: self.welcomes or going.done())
            yield self
        finally:
            going.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await going

    async def until(self, condition, seconds=30.0):
        """Wait until something is true. Raises: TimeoutError with the last that was heard."""
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                raise TimeoutError(f"{self.history.name}: {self.close_codes=} {self.connected_to=} {self.frames[-3:]}")
            await asyncio.sleep(0.02)

    async def _go_on(self):
        turn = 0
        while True:
            url = self.urls[turn % len(self.urls)]
            with contextlib.suppress(OSError, TimeoutError, WebSocketException, httpx.HTTPError):
                await self._connected(url)
            turn += 1
            await asyncio.sleep(0.2)

    async def _connected(self, url):
        address = url.replace("http", "ws", 1) + self.path
        options = {"origin": url, "max_queue": None, "compression": None, "open_timeout": 5, "close_timeout": 1}
        async with connect(address, additional_headers=self.headers(), **options) as socket:
            await self.greet(socket, url)
            self.socket = socket
            self.connected_to.append(url)
            working = asyncio.create_task(self.work(socket))
            try:
                async for text in socket:
                    frame = json.loads(text)
                    self.frames.append(frame)
                    await self.take(socket, frame)
            finally:
                self.socket = None
                working.cancel()
                self.close_codes.append(socket.close_code)


class Customer(Patient):
    """One tab of a customer."""

    path = "/ws/chat/"

    def __init__(self, name, urls, token):
        super().__init__(name, urls)
        self.token = token
        self.outbox, self.refused, self.latency, self._under_way, self._said_at = {}, {}, {}, {}, {}
        self._not_before = 0.0

    @classmethod
    def comes(cls, name, urls):
        """A new customer of the site."""
        return cls(name, urls, new_session(urls[0])["token"])

    def another_tab(self, name, urls):
        """The same customer, elsewhere."""
        return Customer(name, urls, self.token)

    def says(self, text):
        """Put a message into the outbox; it goes out, again and again, until it has its answer."""
        client_id = str(uuid4())
        self.history.sent.append((client_id, text))
        return self._put(client_id, {"type": "message.send", "client_id": client_id, "body": text})

    def asks_for_human(self):
        """The button, through the same outbox."""
        client_id = str(uuid4())
        return self._put(client_id, {"type": "human", "client_id": client_id})

    @property
    def is_answered(self):
        """Whether nothing waits in the outbox."""
        return not self.outbox

    def _put(self, client_id, frame):
        self.outbox[client_id] = frame
        self._said_at[client_id] = time.monotonic()
        return client_id

    async def greet(self, socket, url):
        self._under_way.clear()
        hello = {"type": "hello", "v": 1, "token": self.token, "after": self.history.newest}
        await socket.send(json.dumps(hello))

    async def take(self, socket, frame):
        client_id = frame.get("client_id")
        if frame["type"] == "welcome":
            self.welcomes.append(frame)
        elif frame["type"] == "ack":
            self._acknowledged(client_id, frame["seq"])
        elif frame["type"] == "error" and client_id:
            self._under_way.pop(client_id, None)
            if "retry_after" in frame and frame["retry_after"] is not None:
                self._not_before = time.monotonic() + frame["retry_after"]
            else:
                self.refused[client_id] = frame["code"]
                self.outbox.pop(client_id, None)
        elif frame["type"] == "more":
            await socket.send(json.dumps({"type": "resume", "after": frame["after"]}))
        elif frame["type"] in OURS and frame.get("seq"):
            self.history.seen.append(line_of(frame))

    def _acknowledged(self, client_id, number):
        frame = self.outbox.pop(client_id, None)
        self._under_way.pop(client_id, None)
        self.latency.setdefault(client_id, time.monotonic() - self._said_at[client_id])
        if frame is None or frame["type"] == "message.send":
            self.history.acks.append((client_id, number))

    async def work(self, socket):
        told = 0
        with contextlib.suppress(ConnectionClosed):
            while True:
                if self.history.newest > told:
                    told = self.history.newest
                    await socket.send(json.dumps({"type": "got", "seq": told}))
                await self._send_waiting(socket)
                await asyncio.sleep(0.02)

    async def _send_waiting(self, socket):
        now = time.monotonic()
        if self._under_way and now - min(self._under_way.values()) > ANSWER_WITHIN:
            await socket.close()
        if not self.welcomes or now < self._not_before:
            return
        for client_id, frame in list(self.outbox.items()):
            if len(self._under_way) >= UNDER_WAY:
                return
            if client_id not in self._under_way and client_id in self.outbox:
                self._under_way[client_id] = now
                await socket.send(json.dumps(frame))


class Console(Patient):
    """The console of one agent, who has passed both factors and watches one thread once it is known."""

    path = "/ws/console/"

    def __init__(self, name, urls, email, password, secret):
        super().__init__(name, urls)
        browser = sign_in(self.urls[0], email, password, secret)
        self._cookies = "; ".join(f"{key}={value}" for key, value in browser.cookies.items())
        self.ticket = None
        self.assigned = set()
        self._numbers = 0
        self._watched_on = None
        browser.close()

    def headers(self):
        return {"Cookie": self._cookies}

    async def greet(self, socket, url):
        async with httpx.AsyncClient(base_url=url, headers={"Cookie": self._cookies}, timeout=5) as browser:
            page = (await browser.get("/console/socket-ticket")).json()
        await socket.send(json.dumps({"type": "hello", "v": 1, "ticket": page["ticket"]}))

    def watches(self, ticket):
        """Open a thread; it stays open over every connection."""
        self.ticket = str(ticket)

    async def take(self, socket, frame):
        if frame["type"] == "welcome":
            self.welcomes.append(frame)
            self.assigned.update(frame["tickets"])
        elif frame["type"] == "assigned":
            self.assigned.add(frame["ticket"])
        elif frame["type"] == "more":
            again = {"type": "resume", "ticket": frame["ticket"], "after": frame["after"]}
            await socket.send(json.dumps(again))
        elif frame["type"] in OURS and frame["ticket"] == self.ticket and self._watched_on is socket:
            self._numbers = frame["seq"]
            if "public_seq" in frame:
                self.history.seen.append(line_of(frame | {"seq": frame["public_seq"]}))

    async def work(self, socket):
        told = 0
        with contextlib.suppress(ConnectionClosed):
            while True:
                if self.ticket and self._watched_on is not socket:
                    self._watched_on = socket
                    await socket.send(json.dumps({"type": "watch", "ticket": self.ticket, "after": self._numbers}))
                if self._numbers > told:
                    told = self._numbers
                    await socket.send(json.dumps({"type": "got", "ticket": self.ticket, "seq": told}))
                await asyncio.sleep(0.02)


def line_of(frame):
    """One public entry as the judge compares it: both sides' frames say the same of it."""
    if frame["type"] == "message":
        return Line(frame["seq"], frame["client_id"], frame["body"])
    return Line(frame["seq"], "", frame.get("activity", frame["type"]))


def thread_over_the_wire(url, token):
    """The thread as it stands now, read by request and not by any socket."""
    lines, after, more = [], 0, True
    with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}", "Origin": url}, timeout=15) as browser:
        while more:
            answer = browser.get("/api/chat/messages", params={"after": after})
            answer.raise_for_status()
            lines += [line_of(frame) for frame in answer.json()["messages"]]
            more = answer.json()["more"]
            after = lines[-1].number if lines else 0
    return lines


async def converge(people, url, token, seconds=10.0):
    """Wait until everybody's outbox is empty and everybody has seen the whole thread; gives the thread, and how long it took."""
    begun = time.monotonic()
    while True:
        waiting = [one.history.name for one in people if not getattr(one, "is_answered", True)]
        try:
            thread = await asyncio.to_thread(thread_over_the_wire, url, token)  # after the last answer, so it is whole
        except httpx.HTTPError:  # a server that just came back may refuse the first request
            thread, waiting = [], [*waiting, "the reader"]
        behind = [one.history.name for one in people if one.history.newest < len(thread)]
        if not waiting and not behind:
            return thread, time.monotonic() - begun
        if time.monotonic() - begun > seconds:
            raise TimeoutError(f"after {seconds} s unanswered: {waiting}, behind: {behind}, of {len(thread)}")
        await asyncio.sleep(0.1)

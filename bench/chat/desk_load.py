"""The load generator of the shared tools, taught the desk's protocol: customers on /ws/chat/, agents on /ws/console/.

`--cred FILE` is what prepare.py wrote: {"base", "visitors": [{"token", "seq"}], "agents": [{"cookie"}]}. All other options
are the generator's own. Its marks ~NNNNNNNN~ travel in the message's text; an ack is told by the client id, which carries
the same number.
"""

import asyncio
import gc
import json
import re
import resource
import sys
import uuid
from pathlib import Path

import httpx
import picows
import uvloop

SHARED = Path(__file__).resolve().parents[3] / "shared" / "bench" / "chat"
sys.path.insert(0, str(SHARED))
import chat_load  # noqa: E402 - lives outside the project

SEQ = re.compile(rb'"seq":(\d+)')
ACKNOWLEDGE_EVERY = 16


def id_of(number: int, run: int) -> str:
    """A client id that carries the generator's number; `run` keeps runs apart."""
    return f"{run:08x}-0000-4000-8000-0000{number:08d}"


class Tab(picows.WSListener):
    """One socket: finds marks and acks in what comes, and moves the window on."""

    def __init__(self, adapter, hello, ticket=None):
        self.adapter, self.hello, self.ticket = adapter, hello, ticket
        self.unacknowledged = 0
        self.ready = asyncio.get_running_loop().create_future()

    def on_ws_connected(self, transport):
        self.transport = transport
        transport.send(picows.WSMsgType.TEXT, self.hello)

    def on_ws_frame(self, transport, frame):
        if frame.msg_type == picows.WSMsgType.CLOSE:
            if not self.ready.done():
                self.ready.set_exception(ConnectionError(f"closed: {frame.get_close_code()}"))
            transport.disconnect()
        elif frame.msg_type == picows.WSMsgType.PING:
            transport.send_pong(frame.get_payload_as_bytes())
        elif frame.msg_type == picows.WSMsgType.TEXT:
            self.take(frame.get_payload_as_bytes())

    def take(self, data):
        if b'"type":"welcome"' in data and not self.ready.done():
            self.ready.set_result(data)
        for number in self.adapter.ack_pattern.findall(data):
            self.adapter.m.acked(b"~%s~" % number)
        if b'"type":"message"' in data or b'"type":"note"' in data:
            self.on_message(data)

    def on_message(self, data):
        self.unacknowledged += 1
        if self.unacknowledged >= ACKNOWLEDGE_EVERY:
            self.unacknowledged = 0
            self.got(int(SEQ.search(data)[1]))

    def got(self, seq):
        self.transport.send(picows.WSMsgType.TEXT, b'{"type":"got","seq":%d}' % seq)


class AgentTab(Tab):
    """An agent's socket: entries of all its tickets arrive, each ticket with numbers of its own."""

    TICKET = re.compile(rb'"ticket":"([0-9a-f-]{36})"')

    def __init__(self, *args):
        super().__init__(*args)
        self.counts = {}

    def on_message(self, data):
        self.adapter.m.delivered(data)
        ticket = self.TICKET.search(data)[1]
        self.counts[ticket] = count = self.counts.get(ticket, 0) + 1
        if count % ACKNOWLEDGE_EVERY == 0:
            frame = b'{"type":"got","ticket":"%s","seq":%d}' % (ticket, int(SEQ.search(data)[1]))
            self.transport.send(picows.WSMsgType.TEXT, frame)


class Desk(chat_load.Adapter):
    """The desk as an outsider sees it."""

    async def setup(self):
        self.cred = json.loads(Path(self.a.cred).read_text())
        self.run = uuid.uuid4().int >> 96
        self.ack_pattern = re.compile(rb'"ack"[^}]*"client_id":"%08x-0000-4000-8000-0000(\d{8})"' % self.run)
        self.http = httpx.AsyncClient(base_url=self.cred["base"], headers={"Origin": self.cred["base"]}, timeout=30)
        self.tabs = []

    async def _open(self, path, tab, headers=()):
        url = self.cred["base"].replace("http", "ws", 1) + path
        headers = [("Origin", self.cred["base"]), *headers]
        await picows.ws_connect(lambda: tab, url, websocket_handshake_timeout=30, extra_headers=headers)
        self.tabs.append(tab)
        await asyncio.wait_for(tab.ready, 30)
        return tab

    async def open_agent(self, j):
        cookie = self.cred["agents"][j % len(self.cred["agents"])]["cookie"]
        answer = await self.http.get("/console/socket-ticket", headers={"Cookie": cookie, "Accept": "application/json"})
        hello = json.dumps({"type": "hello", "v": 1, "ticket": answer.json()["ticket"]}).encode()
        return await self._open("/ws/console/", AgentTab(self, hello), [("Cookie", cookie)])

    async def open_visitor(self, i):
        visitor = self.cred["visitors"][i % len(self.cred["visitors"])]
        tab = await self._open_chat(visitor["token"], 0)
        seen = json.loads(await tab.ready)["public_seq"]
        if seen:  # the thread goes on where an earlier load left it: come back as a tab that has seen all of it
            tab.transport.disconnect()
            tab = await self._open_chat(visitor["token"], seen)
        return tab

    async def _open_chat(self, token, after):
        hello = {"type": "hello", "v": 1, "token": token, "after": after}
        return await self._open("/ws/chat/", Tab(self, json.dumps(hello).encode()))

    def send(self, tab, i, mid, text):  # noqa: ARG002 - the generator passes it
        frame = b'{"type":"message.send","client_id":"%s","body":"%s"}' % (id_of(mid, self.run).encode(), text.encode())
        tab.transport.send(picows.WSMsgType.TEXT, frame)

    async def close(self):
        for tab in self.tabs:
            tab.transport.disconnect()
        await self.http.aclose()


def main():
    """Run one load and print one JSON object, as the generator does."""
    chat_load.ADAPTERS["desk"] = Desk
    options = chat_load.parser().parse_args()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    uvloop.install()
    gc.freeze()
    gc.set_threshold(100_000, 50, 50)
    result = asyncio.run(chat_load.main(options))
    print(json.dumps(result | {"label": options.label}))


if __name__ == "__main__":
    main()

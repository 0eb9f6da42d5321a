import asyncio
import json
from uuid import UUID, uuid4

import msgspec
import pytest

import core.delivery
import core.sockets
from core import watching
from core.db import _threads
from core.errors import Conflict, NotAllowed, TransientError
from core.hub import Frame, hub
from core.sockets import CloseSocket, FrameSocket, Watcher
from core.windows import WINDOW
from tests.core.socket_client import OURS, talk, until


class Hello(msgspec.Struct):
    v: int
    token: str = ""
    after: int = 0


class Send(msgspec.Struct):
    client_id: UUID
    body: str


class Told(msgspec.Struct, tag="told", tag_field="type"):
    body: str


class Welcome(msgspec.Struct, tag="welcome", tag_field="type"):
    v: int


def numbered(seq):
    return Frame("thread:1", seq, "message", b'{"type":"message","seq":%d}' % seq)


def hint(group="thread:1", kind="typing"):
    return Frame(group, 0, kind, b'{"type":"typing"}')


class Database:
    """What is committed, and what reading it costs."""

    def __init__(self):
        self.newest = 0
        self.reads = []
        self.gate = None
        self.revoked = []
        self.away = False

    def ahead(self, pairs):
        if self.away:
            raise TransientError("database")
        return [(group, self.newest) for group, known in pairs if known < self.newest]

    def revoked_sessions(self, pairs):
        return [pair for pair in pairs if pair in self.revoked]


@pytest.fixture(autouse=True)
def _own_threads():
    """Database threads without connections of other tests: nothing here has a database."""
    _threads.forget()
    yield
    _threads.forget()


@pytest.fixture
def database():
    return Database()


@pytest.fixture
def desk_socket(database):  # noqa: C901 (one small socket with all its handlers)
    class Socket(FrameSocket):
        accepts = {"hello": Hello, "message.send": Send, "choose": Send, "human": Send}
        watcher = Watcher(ahead=database.ahead, revoked=database.revoked_sessions, every=0.05)
        gone = 0
        commits = []

        async def on_hello(self, frame):
            if frame.token == "stranger":
                raise CloseSocket(4401)
            if frame.token == "forbidden":
                raise NotAllowed("forbidden", "Not yours.")
            if frame.token == "outage":
                raise TransientError("database")
            self.session = ("user:1", 3)
            self.send(Welcome(1))
            await self.go_live("thread:1", frame.after)

        def on_message_send(self, frame):
            commit = asyncio.get_running_loop().create_future()
            self.commits.append((frame.body, commit))
            self.later(commit, then=Told)

        def on_choose(self, frame):
            raise Conflict("conflict", "Chosen before.")

        async def on_human(self, frame):
            raise RuntimeError("my secret words")

        async def read_after(self, after, limit):
            database.reads.append((after, limit))
            if database.gate is not None:
                await database.gate.wait()
            if database.away:
                raise TransientError("database")
            return [numbered(seq) for seq in range(after + 1, min(database.newest, after + limit) + 1)]

        def on_close(self):
            type(self).gone += 1

    Socket.commits = []
    return Socket


def commit(database, seq):
    database.newest = seq
    hub().publish([numbered(seq)])


async def welcomed(client, *sequence):
    assert await client.frame() == {"type": "welcome", "v": 1}
    assert [frame["seq"] for frame in await client.frames(len(sequence))] == list(sequence)


async def live(client, *sequence):
    """Welcomed, and the hello is over: frames are handled in order."""
    await welcomed(client, *sequence)
    client.say(type="ping")
    assert (await client.frame())["type"] == "pong"


@pytest.mark.parametrize(
    "origin",
    [None, b"null", b"http://evil.example", b"http://user@127.0.0.1:8000", b"HTTP://127.0.0.1:8000",
     b"http://127.0.0.1:8000.", b"http://127.0.0.1"],
)  # fmt: skip
async def test_a_foreign_page_never_gets_a_socket(desk_socket, origin):
    async with talk(desk_socket, origin=origin) as client:
        assert await client.event() == {"type": "websocket.close", "code": 4403}
    assert desk_socket.gone == 0


async def test_our_page_does(desk_socket):
    async with talk(desk_socket, origin=OURS) as client:
        assert await client.event() == {"type": "websocket.accept"}


async def test_silence_after_opening_ends_it(desk_socket, monkeypatch):
    monkeypatch.setattr(core.sockets, "HELLO_WITHIN", 0.2)
    async with talk(desk_socket) as client:
        await client.event()
        assert await client.code() == 4401
    assert desk_socket.gone == 1


@pytest.mark.parametrize(
    "first",
    ['{"type":"ping"}', '{"type":"got","seq":1}',
     '{"type":"human","client_id":"6f0c6a4e-8a3e-4b57-9d0e-3d1f0a4b7c11","body":""}'],
)  # fmt: skip
async def test_nothing_is_done_before_hello(desk_socket, first):
    async with talk(desk_socket) as client:
        await client.event()
        client.say_text(first)
        assert await client.code() == 4401


@pytest.mark.parametrize(("token", "code"), [("stranger", 4401), ("forbidden", 4403), ("outage", 1012)])
async def test_a_refused_hello_closes(desk_socket, token, code):
    async with talk(desk_socket, hello={"v": 1, "token": token}) as client:
        assert await client.code() == code
    assert desk_socket.gone == 1


async def test_a_second_hello_closes(desk_socket):
    async with talk(desk_socket, hello={"v": 1}) as client:
        await live(client)
        client.say(type="hello", v=1)
        assert await client.code() == 4400


async def test_bad_frames_get_one_constant_answer_and_then_the_door(desk_socket):
    async with talk(desk_socket, hello={"v": 1}) as client:
        await live(client)
        bad = ['{"type":"__init__"}', "{", '{"type":"ping","x":1}', '{"type":"on_ping"}', '{"type":"got","seq":"1"}',
               '{"type":"choose","client_id":"x","body":""}', "[]", "\ud800", '{"type":"got"}', '{"type":"x\\u0000"}']  # fmt: skip
        for text in bad:
            client.say_text(text)
        answers = await client.frames(10)
        assert answers == [answers[0]] * 10
        assert (answers[0]["type"], answers[0]["code"], set(answers[0])) == (
            "error",
            "bad_frame",
            {"type", "code", "message"},
        )
        assert await client.code() == 4400


async def test_long_and_binary_frames_close(desk_socket):
    async with talk(desk_socket, hello={"v": 1}) as client:
        await live(client)
        client.say_text('{"type":"ping","x":"' + "x" * 65_536 + '"}')
        assert await client.code() == 1009
    async with talk(desk_socket, hello={"v": 1}) as client:
        await live(client)
        client.inbox.put_nowait({"type": "websocket.receive", "bytes": b"{}"})
        assert await client.code() == 4400


async def test_a_flood_closes(desk_socket):
    async with talk(desk_socket, hello={"v": 1}) as client:
        for _ in range(400):
            client.say(type="ping")
        assert await client.code() == 4429


async def test_errors_name_the_frame_they_answer_and_hide_what_is_ours(desk_socket):
    client_id = str(uuid4())
    async with talk(desk_socket, hello={"v": 1}) as client:
        await live(client)
        client.say(type="choose", client_id=client_id, body="")
        assert await client.frame() == {
            "type": "error", "code": "conflict", "message": "Chosen before.", "client_id": client_id,
        }  # fmt: skip
        client.say(type="human", client_id=client_id, body="")
        answer = await client.frame()
        assert (answer["code"], answer["client_id"]) == ("internal", client_id)
        assert "secret" not in json.dumps(answer)
        client.say(type="ping")
        assert await client.frame() == {"type": "pong", "public_seq": 0}


async def test_no_frame_waits_for_the_commit_of_another(desk_socket):
    ids = [str(uuid4()) for _ in range(3)]
    async with talk(desk_socket, hello={"v": 1}) as client:
        await live(client)
        for client_id in ids:
            client.say(type="message.send", client_id=client_id, body=client_id[:4])
        client.say(type="ping")
        assert (await client.frame())["type"] == "pong"
        (_, one), (_, two), (_, three) = desk_socket.commits
        two.set_result("second")
        one.set_exception(TransientError("database"))
        three.cancel()
        assert await client.frame() == {"type": "told", "body": "second"}
        answers = await client.frames(2)
        assert [(answer["code"], answer["client_id"]) for answer in answers] == [
            ("unavailable", ids[0]), ("unavailable", ids[2]),
        ]  # fmt: skip


async def test_what_cannot_be_saved_in_time_is_refused(desk_socket):
    async with talk(desk_socket, hello={"v": 1}) as client:
        await live(client)
        for _ in range(65):
            client.say(type="message.send", client_id=str(uuid4()), body="")
        answer = await client.frame()
        assert (answer["code"], answer["retry_after"], len(desk_socket.commits)) == ("too_fast", 1, 64)


async def test_hello_is_followed_by_what_was_missed_then_by_what_happens(desk_socket, database):
    database.newest = 3
    async with talk(desk_socket, hello={"v": 1, "after": 1}) as client:
        await live(client, 2, 3)
        commit(database, 4)
        assert (await client.frame())["seq"] == 4
        hub().publish([numbered(4), numbered(2)])
        await client.silence()
        assert database.reads == [(1, 201)]


async def test_frames_committed_during_the_read_come_once_and_after_it(desk_socket, database):
    database.newest = 2
    database.gate = asyncio.Event()
    async with talk(desk_socket, hello={"v": 1}) as client:
        assert (await client.frame())["type"] == "welcome"
        await until(lambda: database.reads)
        for seq in (3, 4, 5):
            commit(database, seq)
        await client.silence()
        database.gate.set()
        assert [frame["seq"] for frame in await client.frames(5)] == [1, 2, 3, 4, 5]
        await client.silence()


async def test_a_slow_hello_is_not_taken_for_silence(desk_socket, database, monkeypatch):
    monkeypatch.setattr(core.sockets, "HELLO_WITHIN", 0.1)
    database.gate = asyncio.Event()
    async with talk(desk_socket, hello={"v": 1}) as client:
        await client.frame()
        await client.silence(0.7)
        database.gate.set()
        client.say(type="ping")
        assert (await client.frame())["type"] == "pong"


async def test_what_was_read_for_a_stopped_thread_is_not_sent(desk_socket, database):
    stops = asyncio.Event()

    class Stopping(desk_socket):
        async def read_after(self, after, limit):
            frames = await super().read_after(after, limit)
            if after == 0:
                return []
            self.stop("thread:1")
            stops.set()
            return frames

    async with talk(Stopping, hello={"v": 1}) as client:
        await live(client)
        commit(database, 1)
        assert (await client.frame())["seq"] == 1
        database.newest = 3
        hub().publish([numbered(3)])
        await asyncio.wait_for(stops.wait(), 2)
        hub().publish([numbered(2), hint()])
        await client.silence(0.1)


async def test_a_hole_is_filled_from_the_database(desk_socket, database):
    async with talk(desk_socket, hello={"v": 1}) as client:
        await live(client)
        database.newest = 4
        hub().publish([numbered(3), numbered(4), numbered(2)])
        assert [frame["seq"] for frame in await client.frames(4)] == [1, 2, 3, 4]
        await client.silence()


async def test_long_histories_come_in_pages(desk_socket, database):
    database.newest = 450
    async with talk(desk_socket, hello={"v": 1}) as client:
        await welcomed(client, *range(1, 201))
        assert await client.frame() == {"type": "more", "after": 200}
        client.say(type="got", seq=200)
        await client.silence()
        client.say(type="resume", after=200)
        assert [frame["seq"] for frame in await client.frames(200)] == list(range(201, 401))
        assert await client.frame() == {"type": "more", "after": 400}
        client.say(type="resume", after=400)
        assert [frame["seq"] for frame in await client.frames(50)] == list(range(401, 451))
        await client.silence()


async def test_a_client_that_does_not_say_got_is_sent_64_and_all_of_it_later(desk_socket, database):
    async with talk(desk_socket, hello={"v": 1}) as client:
        await live(client)
        for seq in range(1, 501):
            commit(database, seq)
        hub().publish([hint()])
        assert [frame["seq"] for frame in await client.frames(WINDOW)] == list(range(1, 65))
        await client.silence()
        shown = 64
        while shown < 500:
            client.say(type="got", seq=shown)
            frames = await client.frames(min(64, 500 - shown))
            assert [frame["seq"] for frame in frames] == list(range(shown + 1, shown + len(frames) + 1))
            shown += len(frames)
        client.say(type="got", seq=500)
        hub().publish([hint()])
        assert await client.frame() == {"type": "typing"}


async def test_a_client_that_stays_behind_is_closed(desk_socket, database, monkeypatch):
    monkeypatch.setattr(core.delivery, "STALLED_FOR", 0.3)
    async with talk(desk_socket, hello={"v": 1}) as client:
        await live(client)
        for seq in range(1, 66):
            commit(database, seq)
        assert await client.code(within=3) == 4408


async def test_a_full_window_with_nothing_more_to_say_is_no_fault(desk_socket, database, monkeypatch):
    monkeypatch.setattr(core.delivery, "STALLED_FOR", 0.1)
    async with talk(desk_socket, hello={"v": 1}) as client:
        await live(client)
        for seq in range(1, 65):
            commit(database, seq)
        await client.frames(64)
        await client.silence(1.2)


async def test_asking_for_the_same_page_for_ever_is_a_flood(desk_socket, database):
    database.newest = 5
    async with talk(desk_socket, hello={"v": 1}) as client:
        await live(client, 1, 2, 3, 4, 5)
        for _ in range(5):
            client.say(type="resume", after=0)
            await asyncio.sleep(0.02)
        assert await client.code() == 4429


async def test_hub_loss_is_found_by_the_watcher(desk_socket, database):
    async with talk(desk_socket, hello={"v": 1}) as client:
        await live(client)
        database.newest = 3
        assert [frame["seq"] for frame in await client.frames(3)] == [1, 2, 3]


async def test_a_database_that_was_away_is_asked_again(desk_socket, database):
    async with talk(desk_socket, hello={"v": 1}) as client:
        await live(client)
        database.away = True
        database.newest = 2
        hub().publish([numbered(2)])
        await client.silence(0.7)
        database.away = False
        assert [frame["seq"] for frame in await client.frames(2)] == [1, 2]


async def test_a_revoked_session_is_closed_by_the_hub_or_by_the_watcher(desk_socket, database):
    async with talk(desk_socket, hello={"v": 1}) as client:
        await live(client)
        hub().publish([hint(kind="revoked"), numbered(1)])
        assert await client.code() == 4409
        await client.silence()
    async with talk(desk_socket, hello={"v": 1}) as client:
        await live(client)
        database.revoked.append(("user:1", 2))
        await client.silence(0.7)
        database.revoked.append(("user:1", 3))
        assert await client.code() == 4409


async def test_a_closed_socket_is_in_no_group(desk_socket, database):
    async with talk(desk_socket, hello={"v": 1}) as client:
        await live(client)
        assert "thread:1" in hub()._groups
    assert (hub()._groups, watching.lobby.sockets, desk_socket.gone) == ({}, set(), 1)
    commit(database, 1)
    assert client.outbox.empty()


async def test_a_restart_says_so_finishes_commits_and_closes(desk_socket, monkeypatch):
    monkeypatch.setattr(watching.lobby, "draining", False)
    async with talk(desk_socket, hello={"v": 1}) as client:
        await live(client)
        client.say(type="message.send", client_id=str(uuid4()), body="last")
        await until(lambda: desk_socket.commits)
        ending = asyncio.ensure_future(core.sockets.restart_all(within=7))
        assert await client.frame() == {"type": "restart", "within": 7}
        await client.silence()
        desk_socket.commits[0][1].set_result("stored")
        assert await client.frame() == {"type": "told", "body": "stored"}
        assert await client.code() == 1012
        await ending
        async with talk(desk_socket) as late:
            assert await late.event() == {"type": "websocket.accept"}
            assert await late.code() == 1012


def test_a_type_without_a_handler_is_found_at_import():
    with pytest.raises(AttributeError, match="on_wave"):

        class Forgetful(FrameSocket):
            accepts = {"hello": Hello, "wave": Send}

            async def on_hello(self, frame):
                pass

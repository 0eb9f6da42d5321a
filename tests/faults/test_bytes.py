"""After traffic nothing that was said, and no second factor, is found in any byte that is kept: files, logs, WAL, Redis."""

import asyncio
import os
import secrets
import socket
import threading
from base64 import b32decode, b64encode
from contextlib import AsyncExitStack, contextmanager
from uuid import UUID

import psycopg
import pytest
import redis

from tests.desk import running_desk
from tests.faults.own_servers import own_servers
from tests.faults.people import Console, Customer, converge

TOTP = "MFRGGZDFMZTWQ2LKNNWG23TPOBYXE43U"
PHRASE = "legal winner thank year wave sausage worth useful legal winner thank yellow"


def forms(name, text):
    """A text in every form that a program may have written it in."""
    raw = text.encode()
    yield name, raw
    yield f"{name} as UTF-16", text.encode("utf-16-le")
    yield f"{name} as hex", raw.hex().encode()
    for shift in range(3):  # base64 depends on where in a stream the text begins
        inner = b64encode(b"\0" * shift + raw)[4 if shift else 0 :]
        yield f"{name} as base64/{shift}", inner[: len(inner) // 4 * 4 - 8]


def files_below(*directories):
    """Every file, with its bytes; one that went meanwhile is none."""
    for directory in directories:
        for parent, _folders, names in os.walk(directory):
            for name in names:
                path = os.path.join(parent, name)
                try:
                    with open(path, "rb") as file:
                        yield path, file.read()
                except OSError:
                    continue


def found(needles, haystacks):
    """Which needle lies where."""
    return [(name, path) for path, content in haystacks for name, needle in needles if needle in content]


@contextmanager
def overhearing(url, path):
    """Writes down every command that Redis gets, as it gets it."""
    line = socket.socket(socket.AF_UNIX)
    line.connect(redis.Redis.from_url(url).connection_pool.connection_kwargs["path"])
    line.sendall(b"MONITOR\r\n")

    def write():
        with open(path, "wb") as file:
            while part := line.recv(65_536):
                file.write(part)

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield
    finally:
        line.shutdown(socket.SHUT_RDWR)
        thread.join()
        line.close()


@pytest.mark.timeout(150)
def test_no_word_and_no_key_is_kept_in_the_open(tmp_path):
    canary = f"canary {secrets.token_hex(12)} sings"
    control = str(secrets.token_hex(12))
    with own_servers(TOTP) as own:
        overheard = tmp_path / "overheard"
        with (
            running_desk(own.environment, tmp_path / "logs", web=2, worker=True) as running,
            overhearing(own.addresses.redis_url, overheard),
        ):
            sent = asyncio.run(traffic(running, canary))
            publish(own, control)
        keep_everything(own)
        needles = [
            *forms("the message", canary),
            *forms("the phrase", PHRASE),
            *forms("part of the phrase", " ".join(PHRASE.split()[3:7])),
            *forms("the key", TOTP),
            ("the raw key", b32decode(TOTP)),
            ("the raw key as hex", b32decode(TOTP).hex().encode()),
        ]
        kept = list(files_below(own.home.postgres, own.home.redis, own.directory, tmp_path))
        assert found(needles, kept) == []
        prove_that_the_search_finds(own, kept, sent, control)


async def traffic(running, canary):
    """A customer says the canary and the phrase, to two sockets and an agent's console; gives the id of the first."""
    one, other = running.base_urls
    customer = Customer.comes("customer", [one])
    tab = customer.another_tab("second tab", [other])
    agent = Console("agent", [other], "owner@desk.example", "correct-horse-battery", TOTP)
    async with AsyncExitStack() as stack:
        for person in (customer, agent):
            await stack.enter_async_context(person.running())
        sent = customer.says(canary)
        await customer.until(lambda: customer.is_answered)
        agent.watches(next(frame["ticket"] for frame in customer.frames if frame["type"] == "ack"))
        await stack.enter_async_context(tab.running())
        customer.asks_for_human()
        customer.says(f"my words are {PHRASE}")
        for number in range(20):
            customer.says(f"{canary} {number}")
        thread, _took = await converge([customer, tab, agent], other, customer.token)
        bodies = [line.text for line in thread]
        assert bodies[0] == canary
        assert not [body for body in bodies if PHRASE in body]
        assert [frame["scrubbed"] for frame in customer.frames if frame["type"] == "ack" and frame["scrubbed"]] == [
            ["seed_phrase"]
        ]
    return sent


def publish(own, control):
    """Something that is in the open in Redis, so that the search of its files and of its commands can be seen to find."""
    with redis.Redis.from_url(own.addresses.redis_url) as client:
        client.set("control", control)


def keep_everything(own):
    """Have both servers write down all they hold."""
    with psycopg.connect(own.addresses.superuser_url(), autocommit=True) as connection:
        connection.execute("checkpoint")
    with redis.Redis.from_url(own.addresses.redis_url) as client:
        client.config_set("rdbcompression", "no")
        client.save()


def prove_that_the_search_finds(own, kept, sent, control):
    """What is meant to be in the open is found: in tables, in the log of changes, in Redis and in what was overheard."""
    where = {name: [path for _name, path in found([(name, needle)], kept)] for name, needle in (
        ("id", UUID(sent).bytes),
        ("control", control.encode()),
        ("email", b"owner@desk.example"),
    )}  # fmt: skip
    assert any("pg_wal" in path for path in where["id"])
    assert any(os.sep + "base" + os.sep in path for path in where["id"])
    assert any(path.endswith("dump.rdb") for path in where["control"])
    assert any(path.endswith("overheard") for path in where["control"])
    assert where["email"]

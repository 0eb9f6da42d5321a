import json
import os
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from celery import current_app
from django.db import connection, transaction

from core import publishing
from core.publishing import Reaction, always, publish_now, publish_on_commit

PROJECT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Posted:
    ids: tuple[str | int, ...]
    kind: str = "message_posted"


@pytest.fixture
def reactions(monkeypatch):
    monkeypatch.setattr(publishing, "_reactions", lambda: {"message_posted": (Reaction(always, "tests.answer"),)})


@pytest.fixture
def queue(_redis, servers):
    """The broker's queue of this worker, as the workers see it."""
    name = f"{servers.prefix}{current_app.conf.task_default_queue}"
    _redis.delete(name)
    return lambda: _redis.llen(name)


def drained():
    return publishing._dispatcher.drain(5)


def test_nothing_leaves_before_the_commit_or_after_a_rollback(committed_db, reactions, queue):
    with transaction.atomic():
        publish_on_commit(events=[Posted((1,))])
        assert drained()
        assert queue() == 0
    assert drained()
    assert queue() == 1
    with suppress(ZeroDivisionError), transaction.atomic():
        publish_on_commit(events=[Posted((2,))])
        raise ZeroDivisionError
    assert drained()
    assert queue() == 1


def test_one_task_carries_a_whole_commit(committed_db, reactions, queue):
    publish_now(events=[Posted((1, 2)), Posted((3,))])
    assert drained()
    assert queue() == 1
    assert connection.in_atomic_block is False


def test_a_dead_broker_and_a_dead_redis_cost_the_writer_nothing(servers, tmp_path):
    environment = {**os.environ, **servers.environment(), "REDIS_URL": f"unix://{tmp_path}/none.sock?db=0"}
    done = subprocess.run(
        [sys.executable, "-m", "tests.core.publish_without_redis"],
        cwd=PROJECT, env=environment, capture_output=True, check=True, timeout=60,
    )  # fmt: skip
    cost = json.loads(done.stdout)
    assert (cost["drained"], cost["lost"]) == (True, 1)
    assert cost["writer"] < 0.1
    assert cost["thread"] < 15
    assert b"reaction_not_sent" in done.stderr

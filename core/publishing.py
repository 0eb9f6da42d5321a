"""The one way to tell the world that something was committed: frames to sockets, events to background work."""

from __future__ import annotations

import contextvars
import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import structlog
from celery import current_app
from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string
from kombu.exceptions import OperationalError as BrokerError
from redis.exceptions import RedisError

from core import metrics
from core.dispatching import Dispatcher
from core.hub import Frame, hub

__all__ = ["Event", "Frame", "Reaction", "always", "publish_now", "publish_on_commit"]

log = structlog.get_logger(__name__)


class Event(Protocol):
    """Something that has happened, in the past tense; carries ids only."""

    @property
    def kind(self) -> str:
        """Key of the reactions table, for example "message_posted"."""

    @property
    def ids(self) -> tuple[str | int, ...]:
        """What a task needs to find the rows again."""


def always(_event: Event) -> bool:
    """The predicate of a reaction that answers every event of its kind."""
    return True


@dataclass(frozen=True, slots=True)
class Reaction:
    """A task that wants to know: called by name with one list, the ids of all events of a commit that matched."""

    when: Callable[[Event], bool]
    task: str


Reactions = Mapping[str, tuple[Reaction, ...]]

_dispatcher = Dispatcher("reactions", limit=10_000)


def publish_on_commit(frames: Sequence[Frame] = (), events: Sequence[Event] = ()) -> None:
    """Publish when the surrounding transaction commits; at once if there is none; never if it rolls back."""
    transaction.on_commit(functools.partial(publish_now, tuple(frames), tuple(events)))


def publish_now(frames: Sequence[Frame] = (), events: Sequence[Event] = ()) -> None:
    """Publish what is already committed. Never blocks and never raises for a dead Redis or broker.

    Both are hints: sockets catch up by number, sweepers find the work from the rows.
    """
    if frames:
        hub().publish(frames)
    if events:
        _dispatcher.put(functools.partial(contextvars.copy_context().run, _react, tuple(events)))


def tasks_for(events: Iterable[Event], reactions: Reactions) -> dict[str, list[str | int]]:
    """Which tasks to call with which ids: one entry per task, each id once, in the order of the events."""
    tasks: dict[str, dict[str | int, None]] = {}
    for event in events:
        for reaction in reactions.get(event.kind, ()):
            if reaction.when(event):
                tasks.setdefault(reaction.task, {}).update(dict.fromkeys(event.ids))
    return {task: list(ids) for task, ids in tasks.items()}


def _react(events: Sequence[Event]) -> None:
    """Send the tasks. A broker that just restarts is waited for by the client for a few seconds, on this thread."""
    for task, ids in tasks_for(events, _reactions()).items():
        try:
            current_app.send_task(task, args=[ids], ignore_result=True, retry=False)
        except (BrokerError, RedisError, OSError) as error:
            metrics.REACTIONS_LOST.labels(task).inc()
            log.warning("reaction_not_sent", task=task, error=type(error).__name__)


@functools.cache
def _reactions() -> Reactions:
    reactions: Reactions = import_string(settings.REACTIONS)
    return reactions

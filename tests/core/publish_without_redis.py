"""A process whose Redis, and so whose broker, is away: publishes and prints what that cost. Run by a test."""

import json
import sys
import time
from dataclasses import dataclass

import django

django.setup()

from core import metrics, publishing  # noqa: E402 (needs the apps)
from core.hub import Frame  # noqa: E402 (needs the apps)


@dataclass(frozen=True)
class Posted:
    """An event that a task answers."""

    ids: tuple[int, ...]
    kind: str = "message_posted"


def main():
    """One commit's worth of frames and events."""
    table = {"message_posted": (publishing.Reaction(publishing.always, "tests.answer"),)}
    publishing._reactions = lambda: table
    started = time.perf_counter()
    publishing.publish_now(frames=[Frame("thread:1", 1, "message", b"{}")], events=[Posted((1,))])
    writer = time.perf_counter() - started
    drained = publishing._dispatcher.drain(20)
    json.dump(
        {
            "writer": writer,
            "drained": drained,
            "thread": time.perf_counter() - started,
            "lost": metrics.REACTIONS_LOST.labels("tests.answer")._value.get(),
        },
        sys.stdout,
    )


if __name__ == "__main__":
    main()

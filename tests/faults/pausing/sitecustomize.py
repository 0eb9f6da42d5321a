"""Stops a real process at a named point until it is killed. On PYTHONPATH of processes under test only.

FAULT_DIR/arm-NAME holds the name of a point (NAME is FAULT_NAME, else PORT). When the process comes there it writes
FAULT_DIR/reached-NAME and waits. Nothing of this is in the product: the functions are wrapped as their modules are imported.
"""

import importlib.abc
import importlib.util
import os
import sys
import time
from pathlib import Path

DIRECTORY = Path(os.environ.get("FAULT_DIR", "/nonexistent"))
NAME = os.environ.get("FAULT_NAME") or os.environ.get("PORT", "")

# module -> (object in it, attribute, point, whether the pause comes after the call)
POINTS = {
    "core.group_commit": (("GroupCommit", "_commit", "before_ack", True),),
    "core.publishing": ((None, "publish_now", "before_publish", False),),
    "tickets.actions.fast_path": ((None, "store_drafts", "before_commit", True),),
    "tickets.routing.assignment": (
        (None, "drain_queue", "before_assigning", False),
        (None, "_give", "while_assigning", True),
    ),
}


def pause(point):
    """Wait here for the end if this is where the process was told to."""
    try:
        armed = (DIRECTORY / f"arm-{NAME}").read_text() == point
    except OSError:
        armed = False
    if armed:
        (DIRECTORY / f"reached-{NAME}").touch()
        time.sleep(120)


def wrapped(function, point, after):
    """The function, with the pause before or after it."""

    def paused(*args, **kwargs):
        if not after:
            pause(point)
        result = function(*args, **kwargs)
        if after:
            pause(point)
        return result

    return paused


class Finder(importlib.abc.MetaPathFinder):
    """Finds a module as usual, and wraps its functions once it has run."""

    def find_spec(self, name, path, target=None):
        if name not in POINTS:
            return None
        sys.meta_path.remove(self)
        try:
            spec = importlib.util.find_spec(name)
        finally:
            sys.meta_path.insert(0, self)
        run = spec.loader.exec_module

        def exec_module(module):
            run(module)
            for owner, attribute, point, after in POINTS[name]:
                place = getattr(module, owner) if owner else module
                setattr(place, attribute, wrapped(getattr(place, attribute), point, after))

        spec.loader.exec_module = exec_module
        return spec


sys.meta_path.insert(0, Finder())

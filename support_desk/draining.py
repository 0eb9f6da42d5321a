"""A graceful end of a web process: sockets are told to come back elsewhere, and commits under way are finished."""

import asyncio
import sys
from types import ModuleType

from core.watching import lobby, restart_all


def drain_before_shutdown() -> None:
    """Have Daphne's reactor wait for `restart_all` before it stops. Does nothing in processes that are not Daphne."""
    loaded: dict[str, ModuleType] = sys.modules
    if "daphne.server" not in loaded:
        return
    reactor, defer = loaded["twisted.internet.reactor"], loaded["twisted.internet.defer"]

    def drain() -> object:
        # At once: Daphne now cancels the sockets' tasks, and those that were just about to run end before any other task.
        lobby.draining = True
        return defer.Deferred.fromFuture(asyncio.ensure_future(restart_all()))

    reactor.addSystemEventTrigger("before", "shutdown", drain)

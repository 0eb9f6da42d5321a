"""Says for the agents of this process that their consoles are connected: one UPDATE every 20 s for all of them."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Final

import structlog

from accounts.actions.presence import beat
from core.db import in_db
from core.errors import TransientError
from core.per_process import PerProcess

log = structlog.get_logger(__name__)

EVERY: Final = 20.0


class Heartbeat:
    """Counts the sockets of each agent. Connecting is a sign of life, never a change of what the agent says of themselves."""

    def __init__(self, every: float = EVERY) -> None:
        self._every = every
        self._sockets: Counter[int] = Counter()
        self._new: set[int] = set()
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @property
    def agents(self) -> list[int]:
        """Who is connected here."""
        return sorted(self._sockets)

    def enter(self, agent_id: int) -> None:
        """A socket of this agent is live; a first one beats at once."""
        loop = asyncio.get_running_loop()
        if self._task is None or self._task.done() or self._task.get_loop() is not loop:
            self._wake = asyncio.Event()
            self._task = loop.create_task(self._run(), name="heartbeat")
        if not self._sockets[agent_id]:
            self._new.add(agent_id)
            self._wake.set()
        self._sockets[agent_id] += 1

    def leave(self, agent_id: int) -> None:
        """A socket of this agent is gone."""
        self._sockets[agent_id] -= 1
        if self._sockets[agent_id] <= 0:
            del self._sockets[agent_id]
            self._new.discard(agent_id)

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time() + self._every
        while self._sockets:
            try:
                await asyncio.wait_for(self._wake.wait(), max(due - loop.time(), 0))
            except TimeoutError:
                due = loop.time() + self._every
                self._new.update(self._sockets)
            self._wake.clear()
            await self._beat(sorted(self._new))

    async def _beat(self, agents: list[int]) -> None:
        self._new.clear()
        try:
            await in_db(beat, agents)
        except TransientError:
            log.warning("heartbeat_missed", agents=len(agents))


#: The one of this process.
heartbeat = PerProcess(Heartbeat)

"""Choosing an agent for a waiting ticket: pure, so that the same inputs always give the same answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Waiting:
    """What matters of a ticket in the queue."""

    language: str
    account_manager_id: int | None = None


@dataclass(frozen=True, slots=True)
class AgentLoad:
    """What matters of an agent who is present. `held` counts the tickets that take up places now."""

    agent_id: int
    languages: tuple[str, ...]
    capacity: int
    held: int
    idle_since: datetime

    @property
    def has_place(self) -> bool:
        """Below capacity. Language is a preference: an answer in another language is better than none at all."""
        return self.held < self.capacity

    def rank_for(self, ticket: Waiting) -> tuple[bool, bool, float, datetime, int]:
        """Smaller is better: account manager, speaks the language, least loaded share, longest idle, oldest account."""
        return (
            self.agent_id != ticket.account_manager_id,
            ticket.language not in self.languages,
            self.held / self.capacity,
            self.idle_since,
            self.agent_id,
        )


def choose_agent(ticket: Waiting, agents: Sequence[AgentLoad]) -> AgentLoad | None:
    """The agent who should take the ticket, or None if nobody may."""
    eligible = [agent for agent in agents if agent.has_place]
    return min(eligible, key=lambda agent: agent.rank_for(ticket), default=None)

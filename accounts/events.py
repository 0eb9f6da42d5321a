"""What has happened to people, for those who react to it."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class AgentCame:
    """An agent is on shift and may take tickets."""

    kind: ClassVar[str] = "agent_came"
    ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class AgentLeft:
    """An agent is away or off shift; what they hold may have to go to others."""

    kind: ClassVar[str] = "agent_left"
    ids: tuple[int, ...]

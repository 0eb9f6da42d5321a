"""What has happened to tickets, in the past tense. Events carry ids; whoever reacts reads the rows again."""

from dataclasses import dataclass

from tickets.choices import TicketStatus


@dataclass(frozen=True, slots=True)
class MessagePosted:
    """An entry was added to a thread. `status` is the ticket's state after it."""

    ticket_id: int
    author_kind: str
    status: str
    kind: str = "message_posted"

    @property
    def ids(self) -> tuple[str | int, ...]:
        """The ticket."""
        return (self.ticket_id,)

    @property
    def is_for_bot(self) -> bool:
        """Whether the assistant has to answer it."""
        return self.status == TicketStatus.BOT and self.author_kind == "customer"


@dataclass(frozen=True, slots=True)
class TicketHandedOver:
    """A ticket entered the queue of a team."""

    team_id: int
    kind: str = "ticket_handed_over"

    @property
    def ids(self) -> tuple[str | int, ...]:
        """The team whose queue has work."""
        return (self.team_id,)


@dataclass(frozen=True, slots=True)
class CapacityFreed:
    """An agent of a team may be able to take another ticket: one was solved, closed, passed on, or the agent came."""

    team_id: int
    kind: str = "capacity_freed"

    @property
    def ids(self) -> tuple[str | int, ...]:
        """The team that may have a free place."""
        return (self.team_id,)

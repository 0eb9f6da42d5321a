"""Who reacts to what, on one screen: kind of event -> tasks. One task per commit carries the ids of all that matched."""

from core.publishing import Reaction, always

REACTIONS: dict[str, tuple[Reaction, ...]] = {
    "ticket_handed_over": (Reaction(always, "tickets.routing.tasks.drain_queue"),),
    "capacity_freed": (Reaction(always, "tickets.routing.tasks.drain_queue"),),
    "agent_came": (Reaction(always, "tickets.routing.tasks.drain_for_agents"),),
}

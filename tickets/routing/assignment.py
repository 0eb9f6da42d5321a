"""Giving waiting tickets to agents who are here and have a free place."""

from collections.abc import Collection

import structlog
from django.db import transaction

from accounts.models import Agent
from core.crypto.keys import WrongKey
from core.publishing import publish_on_commit
from tickets.actions.moves import move_to_agent
from tickets.actions.thread import save_moved
from tickets.models import Ticket
from tickets.rendering import assigned_frame, hub_frames, queue_frame
from tickets.routing.rules import AgentLoad, Waiting, choose_agent
from tickets.routing.selectors import loads_of

log = structlog.get_logger(__name__)

MOST_AT_ONCE = 200


def drain_queue(*, team_id: int) -> int:
    """Give waiting tickets of a team to agents who may take them, oldest first; how many were given.

    Each ticket has a transaction of its own, so a customer never waits for a neighbour's. Repeat: harmless; any number
    of processes may drain at once. Locks: a ticket that nobody holds, then the agent.
    """
    given, closed = 0, set[int]()
    while given < MOST_AT_ONCE:
        try:
            if not _give_oldest(team_id, closed):
                break
            given += 1
        except _DoesNotOpen as error:
            closed.add(error.ticket_id)
            log.error("ticket_does_not_open", ticket=error.ticket_id)
    return given


class _DoesNotOpen(Exception):
    """The key of a ticket is not ours any more: it waits, and those behind it are served."""

    def __init__(self, ticket_id: int) -> None:
        super().__init__(ticket_id)
        self.ticket_id = ticket_id


@transaction.atomic
def _give_oldest(team_id: int, closed: Collection[int]) -> bool:
    queue = Ticket.objects.queued().filter(team=team_id).exclude(pk__in=closed)
    ticket = queue.select_related("data_key", "customer").locked_if_free().first()
    if ticket is None:
        return False
    waiting = Waiting(ticket.language, ticket.customer.account_manager_id)
    loads = {load.agent_id: load for load in loads_of(team_id)}
    while chosen := choose_agent(waiting, list(loads.values())):
        agent = _locked_with_place(chosen)
        if agent is not None:
            _give(ticket, agent, chosen)
            return True
        del loads[chosen.agent_id]  # full or gone since we looked: the next best
    return False


def _locked_with_place(chosen: AgentLoad) -> Agent | None:
    """The agent, locked, if a place is still free: two routers never overfill one agent."""
    agent = Agent.objects.present().select_related("user").filter(pk=chosen.agent_id).locked().first()
    if agent is None or Ticket.objects.held_by(agent).count() >= agent.capacity:
        return None
    return agent


def _give(ticket: Ticket, agent: Agent, chosen: AgentLoad) -> None:
    why = {"rule": "least_loaded", "held": chosen.held, "capacity": chosen.capacity}
    try:
        latest = move_to_agent(ticket, agent, why=why)
    except WrongKey:
        raise _DoesNotOpen(ticket.pk) from None
    save_moved(ticket, latest)
    frames = [*hub_frames(latest.entry()), assigned_frame(agent.pk, ticket.public_id), queue_frame(ticket.team_id)]
    publish_on_commit(frames)

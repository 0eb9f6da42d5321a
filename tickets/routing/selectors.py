"""Who is here, how much they hold, and which teams have a queue."""

from collections.abc import Iterable

from django.db.models import Count, Max, Q
from django.db.models.functions import Coalesce

from accounts.models import Agent
from tickets.choices import TicketStatus
from tickets.models import Ticket
from tickets.querysets import HELD_STATUSES
from tickets.routing.rules import AgentLoad


def loads_of(team_id: int) -> list[AgentLoad]:
    """Agents of a team who are present, with what they hold. Cost: 1 query."""
    held = Count("tickets", filter=Q(tickets__status__in=HELD_STATUSES))
    idle_since = Coalesce(Max("tickets__assigned_at"), "presence_changed_at")
    agents = Agent.objects.of_team(team_id).present().filter(capacity__gt=0)
    rows = agents.annotate(held=held, idle_since=idle_since).values_list(
        "pk", "languages", "capacity", "held", "idle_since"
    )
    return [AgentLoad(pk, tuple(languages), capacity, held, idle) for pk, languages, capacity, held, idle in rows]


def teams_with_queue() -> list[int]:
    """Teams for whom somebody waits. Cost: 1 query."""
    teams = Ticket.objects.filter(status=TicketStatus.QUEUED).order_by("team").values_list("team", flat=True)
    return list(teams.distinct())


def teams_of_agents(agent_ids: Iterable[int]) -> list[int]:
    """The teams these agents answer in. Cost: 1 query."""
    through = Agent.teams.through.objects.filter(agent__in=list(agent_ids))
    return list(through.order_by("team_id").values_list("team_id", flat=True).distinct())

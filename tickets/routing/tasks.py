"""Routing in the background. Tasks name rows, read them again, and may run any number of times."""

from celery import shared_task

from core.errors import TransientError
from tickets.routing import assignment
from tickets.routing.selectors import teams_of_agents, teams_with_queue


@shared_task(autoretry_for=(TransientError,), retry_backoff=True, max_retries=5)
def drain_queue(team_ids: list[int]) -> None:
    """Give waiting tickets of teams to agents who may take them. Repeat: harmless."""
    for team_id in team_ids:
        assignment.drain_queue(team_id=team_id)


@shared_task(autoretry_for=(TransientError,), retry_backoff=True, max_retries=5)
def drain_for_agents(agent_ids: list[int]) -> None:
    """Give waiting tickets to agents who just came. Repeat: harmless."""
    drain_queue(teams_of_agents(agent_ids))


def sweep_queues() -> int:
    """Do what `drain_queue` does for every team with a queue: finds the work when a task was lost."""
    return sum(assignment.drain_queue(team_id=team_id) for team_id in teams_with_queue())

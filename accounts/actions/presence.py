"""Whether agents are here."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.choices import Presence
from accounts.events import AgentCame, AgentLeft
from accounts.models import Agent
from accounts.policy import check_can
from core.errors import Refused
from core.publishing import Event, publish_on_commit


@transaction.atomic
def set_presence(*, agent: Agent, presence: str) -> Agent:
    """Go on shift, away or off shift.

    Repeat: the same presence only counts as a sign of life. Raises: NotAllowed; Refused ``bad_presence`` for another word.
    Records: agent_came or agent_left. Locks: the agent.
    """
    check_can(agent, "presence.set")
    if presence not in Presence.values:
        raise Refused("bad_presence", _("There is no such presence."))
    current = Agent.objects.locked().select_related("user").get(pk=agent.pk)
    changed = current.presence != presence
    current.presence = presence
    Agent.objects.filter(pk=current.pk).update(
        presence=presence, heartbeat_at=Now(), **({"presence_changed_at": Now()} if changed else {})
    )
    current.refresh_from_db(fields=["heartbeat_at", "presence_changed_at"])
    if changed:
        publish_on_commit(events=[_event_of(current)])
    return current


def beat(agent_ids: Sequence[int]) -> int:
    """Note that these agents' consoles are connected, by the database's clock. Returns how many. Cost: one UPDATE.

    Repeat: harmless. In one order, so that two processes that beat for the same agents never wait for each other in a ring.
    """
    if not agent_ids:
        return 0
    locked = Agent.objects.filter(pk__in=agent_ids).order_by("pk").select_for_update(no_key=True).values("pk")
    with transaction.atomic():
        return Agent.objects.filter(pk__in=locked).update(heartbeat_at=Now())


def _event_of(agent: Agent) -> Event:
    return AgentCame((agent.pk,)) if agent.presence == Presence.ONLINE else AgentLeft((agent.pk,))

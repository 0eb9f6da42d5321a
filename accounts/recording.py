"""What accounts write into the audit: who did what to whom, from where. Never a password, a code or a key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.db import models, transaction
from django.http import HttpRequest

from accounts.models import User
from core.addresses import client_ip
from core.audit.actions import Actor, append


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an act came from: the address, and the session (of which only a hash is kept)."""

    kind: str
    address: str = ""
    session: str = ""


COMMAND_LINE: Final = Origin("command")


def origin_of(request: HttpRequest) -> Origin:
    """Where a request came from."""
    return Origin("staff", client_ip(request) or "", request.session.session_key or "")


def record(action: str, *, actor: User | None, subject: models.Model, origin: Origin, **facts: object) -> None:
    """Add an entry in the caller's transaction, or in one of its own. Call it last: other entries wait until the commit."""
    who = Actor(
        kind=origin.kind if actor else "command",
        id=str(actor.pk) if actor else "",
        session=origin.session,
        address=origin.address,
    )
    with transaction.atomic():
        append(
            actor=who,
            action=action,
            object_kind=subject._meta.label_lower,  # noqa: SLF001  the documented API of models
            object_id=subject.pk,
            facts=facts,
        )

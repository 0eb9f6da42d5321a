"""What screens and sockets read of people, sites and sessions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

from django.contrib.sessions.models import Session
from django.db.models.functions import Now

from accounts.choices import Presence
from accounts.data_keys import opened_key
from accounts.models import Agent, Customer, CustomerSession, RecoveryCode, Site, SitePolicy, TotpDevice, User
from accounts.querysets import HEARTBEAT_FRESH

__all__ = [
    "StaffSession",
    "agent_of",
    "authenticator_of",
    "earlier_selves_of",
    "ended_customer_sessions",
    "ended_staff_sessions",
    "is_present",
    "limits_of",
    "opened_key",
    "policy_value",
    "recovery_codes_left",
    "session_of",
    "site_by_key",
    "token_digest",
    "user_by_email",
]

LIMITS: Final[dict[str, int]] = {
    "sessions_per_minute_per_address": 30,
    "messages_per_minute": 60,
    "message_characters": 5000,
    "attachments_per_message": 10,
}


@dataclass(frozen=True, slots=True)
class StaffSession:
    """One sign-in, as its sockets know it."""

    user_id: int
    session_key: str

    @property
    def key(self) -> str:
        """The form in which watchers carry it."""
        return f"{self.user_id}:{self.session_key}"


def site_by_key(key: str) -> Site | None:
    """The active site with this key. Cost: 1 query."""
    return Site.objects.active().filter(key=key).first()


def policy_value(site: Site, name: str, default: Any) -> Any:
    """The newest value of a policy, or the default. Cost: 1 query."""
    row = SitePolicy.objects.filter(site=site, name=name).order_by("-changed_at", "-pk").values_list("value").first()
    return row[0] if row else default


def limits_of(site: Site) -> dict[str, int]:
    """Every limit of a site: the policy rows named `limit.<name>` over the defaults. Cost: 1 query."""
    names = {f"limit.{name}": name for name in LIMITS}
    rows = (
        SitePolicy.objects.filter(site=site, name__in=names)
        .order_by("name", "-changed_at", "-pk")
        .distinct("name")
        .values_list("name", "value")
    )
    return {**LIMITS, **{names[name]: int(value) for name, value in rows if isinstance(value, int)}}


def session_of(token: str, site_key: str | None = None) -> CustomerSession | None:
    """The live session of a bearer token, with its customer and site. With a key: only if it is that site's. Cost: 1 query."""
    if not token or len(token) > 200:
        return None
    found = CustomerSession.objects.live().with_token(token_digest(token)).select_related("customer", "site")
    if site_key is not None:
        found = found.filter(site__key=site_key)
    return found.first()


def token_digest(token: str) -> bytes:
    """What is stored of a session token. Tokens are 256 random bits, so a plain hash hides them."""
    return sha256(token.encode("utf-8", "replace")).digest()


def ended_customer_sessions(watched: Sequence[tuple[str, int]]) -> set[str]:
    """Of (session id, epoch) pairs, the ids of sessions that no longer count. Cost: 1 query."""
    ids = [int(key) for key, _ in watched]
    rows = CustomerSession.objects.live().filter(pk__in=ids).values_list("pk", "epoch")
    live = {(str(pk), epoch) for pk, epoch in rows}
    return {key for key, epoch in watched if (key, epoch) not in live}


def ended_staff_sessions(watched: Sequence[tuple[str, int]]) -> set[str]:
    """Of (`StaffSession.key`, epoch) pairs, the keys of sign-ins that no longer count. Cost: 2 queries."""
    parts = {key: key.partition(":") for key, _ in watched}
    users = {int(user) for user, _, _ in parts.values()}
    sessions = [session for _, _, session in parts.values()]
    epochs = dict(User.objects.filter(pk__in=users, is_active=True).values_list("pk", "session_epoch"))
    live = set(
        Session.objects.filter(session_key__in=sessions, expire_date__gt=Now()).values_list("session_key", flat=True)
    )
    return {key for key, epoch in watched if epochs.get(int(parts[key][0])) != epoch or parts[key][2] not in live}


def earlier_selves_of(customer: Customer) -> tuple[int, ...]:
    """The anonymous customers whose history joined this one's. Cost: 1 query, none for an anonymous one."""
    if not customer.is_verified:
        return ()
    return tuple(Customer.objects.filter(joined_into=customer).values_list("pk", flat=True))


def agent_of(user: User) -> Agent | None:
    """The agent profile of a user, if they answer tickets. Cost: 1 query."""
    return Agent.objects.select_related("user").filter(user=user).first()


def is_present(agent: Agent, now: datetime) -> bool:
    """Whether an agent is on shift and was heard from within the last minute."""
    from_them = agent.heartbeat_at
    return agent.presence == Presence.ONLINE and from_them is not None and now - from_them < HEARTBEAT_FRESH


def recovery_codes_left(user: User) -> int:
    """How many recovery codes a user still has. Cost: 1 query."""
    return RecoveryCode.objects.filter(device__user=user).count()


def authenticator_of(user: User, *, confirmed: bool) -> TotpDevice | None:
    """The user's authenticator in use, or the one being set up. Cost: 1 query."""
    device: TotpDevice | None = TotpDevice.objects.filter(user=user, confirmed=confirmed).first()
    return device


def user_by_email(email: str) -> User | None:
    """The user of an e-mail address, letter case ignored. Cost: 1 query."""
    return User.objects.filter(email__iexact=email).first()

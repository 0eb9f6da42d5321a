"""The one table of who may do what. HTTP, sockets, admin, export and mail ask it; nothing else decides.

A grant is a role that counts everywhere, for one site, for one team, or for one team on one site. An agent's grant without a
team counts for the teams the agent is a member of.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Model, Q
from django.utils.translation import gettext_lazy as _

from accounts.choices import Role
from accounts.models import Agent, Grant, User
from core.errors import NotAllowed

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from accounts.models import Site, Team

    Person = User | Agent | AnonymousUser

#: Asked without a place: about the person, not about a ticket or a site.
PLACELESS: Final = frozenset({"console.open", "presence.set", "admin.open", "macro.use", "article.read"})

_AGENT: Final = frozenset(
    {
        "console.open",
        "presence.set",
        "macro.use",
        "article.read",
        "queue.read",
        "ticket.read",
        "ticket.reply",
        "ticket.note",
        "ticket.accept",
        "ticket.assign",
        "ticket.transfer",
        "ticket.solve",
        "ticket.tag",
        "ticket.attach",
        "customer.read",
    }
)
_LEAD: Final = _AGENT | {
    "ticket.reassign",
    "ticket.merge",
    "ticket.redact",
    "ticket.close",
    "presence.read",
    "presence.manage",
    "report.read",
    "macro.edit",
}
_EDITOR: Final = frozenset({"console.open", "admin.open", "article.read", "article.edit", "macro.use", "macro.edit"})
# Configures; reads no messages, so that one stolen administrator is not also every customer's history.
_ADMIN: Final = frozenset(
    {
        "console.open",
        "admin.open",
        "article.read",
        "site.configure",
        "people.manage",
        "identity.manage",
        "audit.read",
        "presence.read",
        "report.read",
    }
)
CAPABILITIES: Final[dict[str, frozenset[str]]] = {
    Role.AGENT: _AGENT,
    Role.LEAD: _LEAD,
    Role.EDITOR: _EDITOR,
    Role.ADMIN: _ADMIN,
}
KNOWN: Final = frozenset[str]().union(*CAPABILITIES.values())


@dataclass(frozen=True, slots=True)
class Held:
    """One grant as loaded: a role and where it counts."""

    role: str
    site_id: int | None
    team_id: int | None


@dataclass(frozen=True, slots=True)
class Grants:
    """Everything a person holds."""

    held: tuple[Held, ...] = ()
    member_of: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Scope:
    """Where a capability counts: everywhere, or for these sites, these teams, and these teams on these sites."""

    everywhere: bool = False
    sites: frozenset[int] = frozenset()
    teams: frozenset[int] = frozenset()
    teams_on_sites: frozenset[tuple[int, int]] = frozenset()  # (site, team)

    @property
    def is_empty(self) -> bool:
        """Nowhere at all."""
        return not (self.everywhere or self.sites or self.teams or self.teams_on_sites)

    def covers(self, site_id: int | None, team_id: int | None) -> bool:
        """Whether something of this site and this team lies inside."""
        return (
            self.everywhere
            or site_id in self.sites
            or team_id in self.teams
            or (site_id, team_id) in self.teams_on_sites
        )

    def as_query(self, site: str = "site_id", team: str = "team_id") -> Q:
        """The same as a condition on rows that have a site and a team column. Nowhere matches nothing."""
        if self.everywhere:
            return Q()
        condition = Q(**{f"{site}__in": self.sites}) | Q(**{f"{team}__in": self.teams})
        for site_id, team_id in sorted(self.teams_on_sites):
            condition |= Q(**{site: site_id, team: team_id})
        return condition


def can(person: Person, capability: str, *, site: Site | int | None = None, team: Team | int | None = None) -> bool:
    """Whether the person may do this, there. Without a place only a grant that counts everywhere is enough.

    Capabilities in `PLACELESS` are about the person: any grant that holds them is enough. Raises: KeyError for a capability
    that no role has, because that is a spelling mistake.
    """
    if capability not in KNOWN:
        raise KeyError(capability)
    if capability in PLACELESS:
        return not scope_of(person, capability).is_empty
    return scope_of(person, capability).covers(_id_of(site), _id_of(team))


def check_can(
    person: Person, capability: str, *, site: Site | int | None = None, team: Team | int | None = None
) -> None:
    """Raises: NotAllowed ``not_allowed`` unless `can`."""
    if not can(person, capability, site=site, team=team):
        raise NotAllowed("not_allowed", _("Your role does not include this."), capability=capability)


def can_somewhere(person: Person, capability: str) -> bool:
    """Whether there is any place where the person may do this: for showing a menu entry, never for doing it."""
    return not scope_of(person, capability).is_empty


def scope_of(person: Person, capability: str) -> Scope:
    """Where the person may do this. Querysets with private data use it in `visible_to(person)`."""
    user = person.user if isinstance(person, Agent) else person
    if not isinstance(user, User) or not user.is_active:
        return Scope()
    if user.is_superuser and capability in _ADMIN | _EDITOR:
        return Scope(everywhere=True)
    return scope_in(grants_of(user), capability)


def scope_in(grants: Grants, capability: str) -> Scope:
    """Where these grants allow a capability. Pure."""
    return _joined(
        _scope_of_grant(held, grants.member_of, capability in PLACELESS)
        for held in grants.held
        if capability in CAPABILITIES.get(held.role, ())
    )


def grants_of(user: User) -> Grants:
    """What a user holds, loaded once for each user object. Cost: 1 query the first time.

    A socket that lives on asks with a fresh user object; a change of grants also ends the user's sessions.
    """
    loaded: Grants | None = user.__dict__.get("_loaded_grants")
    if loaded is None:
        loaded = user.__dict__["_loaded_grants"] = _load(user.pk)
    return loaded


def _load(user_id: int) -> Grants:
    memberships = Agent.teams.through.objects.filter(agent_id=user_id).values("team_id")
    rows = list(
        Grant.objects.filter(user_id=user_id)
        .order_by("pk")
        .values_list("role", "site_id", "team_id", ArraySubquery(memberships))
    )
    held = tuple(Held(role, site_id, team_id) for role, site_id, team_id, _teams in rows)
    return Grants(held, frozenset(rows[0][3]) if rows else frozenset())


def _scope_of_grant(held: Held, member_of: frozenset[int], placeless: bool) -> Scope:
    if placeless:
        return Scope(everywhere=True)
    if held.team_id is not None:
        if held.site_id is not None:
            return Scope(teams_on_sites=frozenset({(held.site_id, held.team_id)}))
        return Scope(teams=frozenset({held.team_id}))
    if held.role == Role.AGENT:
        if held.site_id is not None:
            return Scope(teams_on_sites=frozenset((held.site_id, team) for team in member_of))
        return Scope(teams=member_of)
    return Scope(sites=frozenset({held.site_id})) if held.site_id is not None else Scope(everywhere=True)


def _joined(scopes: Iterable[Scope]) -> Scope:
    whole = Scope()
    for scope in scopes:
        whole = Scope(
            everywhere=whole.everywhere or scope.everywhere,
            sites=whole.sites | scope.sites,
            teams=whole.teams | scope.teams,
            teams_on_sites=whole.teams_on_sites | scope.teams_on_sites,
        )
    return whole


def _id_of(thing: Model | int | None) -> int | None:
    return thing.pk if isinstance(thing, Model) else thing

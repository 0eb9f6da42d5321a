"""Making and changing staff, their grants and their teams."""

from __future__ import annotations

from collections.abc import Sequence

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts import codes
from accounts.actions.second_factor import install_totp
from accounts.actions.staff_sessions import end_sessions
from accounts.choices import Role
from accounts.models import Agent, Grant, Site, Team, User
from accounts.recording import Origin, record
from core.errors import Refused
from core.locales import best_language

ADMIN_ROLES = frozenset({Role.ADMIN, Role.EDITOR})
MAX_CAPACITY = 100


def choose_language(*, user: User, language: str) -> None:
    """What a member of staff reads the desk in from now on; an unknown tag changes nothing."""
    user.language = best_language(language, default=user.language)
    user.save(update_fields=["language"])


@transaction.atomic
def create_agent(
    *,
    email: str,
    password: str,
    totp_secret: str | None,
    role: str = Role.AGENT,
    languages: Sequence[str] = ("en",),
    capacity: int = 4,
    team: str = "Support",
    name: str = "",
    origin: Origin,
) -> Agent:
    """Make a person of the staff who can sign in and answer, or bring an existing one to this state.

    The team is made if it is new; it then answers for every site. Without a TOTP secret the person enrols at the first sign-in.
    Repeat: updates; sessions end only if the password, the role or the key changed.
    Raises: Refused ``bad_email``, ``bad_role``, ``bad_totp_secret``, ``bad_capacity``, ``bad_languages``.
    Records: agent_saved.
    """
    spoken = _check_agent(email, role, languages, capacity)
    key = _totp_key(totp_secret)
    before = User.objects.filter(email__iexact=email).first()
    user, changed = _save_user(before, email, password, name, spoken[0], is_staff=role in ADMIN_ROLES)
    agent, _created = Agent.objects.update_or_create(user=user, defaults={"languages": spoken, "capacity": capacity})
    agent.teams.add(ensure_team(team))
    changed |= _hold_only(user, role)
    if key is not None:
        changed |= install_totp(user=user, key=key)
    if changed and before is not None:
        end_sessions(user=user)
    record("agent_saved", actor=None, subject=user, origin=origin, role=role, team=team)
    return agent


def ensure_team(name: str) -> Team:
    """The team of this name; a new one answers for every site, and is the default if there is none yet."""
    team, created = Team.objects.get_or_create(
        name=name, defaults={"is_default": not Team.objects.filter(is_default=True).exists()}
    )
    if created:
        team.sites.set(Site.objects.all())
    return team


@transaction.atomic
def record_grants(*, user: User, actor: User | None, before: Sequence[str], origin: Origin) -> bool:
    """Note that a user's grants were changed, and end their sessions so that the change counts now.

    `before` is what `grants_text` said. Repeat: nothing if nothing changed. Records: grants_changed.
    """
    after = grants_text(user)
    if list(before) == after:
        return False
    end_sessions(user=user)
    record("grants_changed", actor=actor, subject=user, origin=origin, before=list(before), after=after)
    return True


def grants_text(user: User) -> list[str]:
    """A user's grants in a form that can be compared and kept: `role site=.. team=..`, in order."""
    rows = Grant.objects.filter(user=user).values_list("role", "site__key", "team__name")
    return sorted(f"{role} site={site or '*'} team={team or '*'}" for role, site, team in rows)


def teams_of(agent: Agent) -> frozenset[int]:
    """The teams an agent is a member of now. Cost: 1 query."""
    return frozenset(agent.teams.values_list("pk", flat=True))


@transaction.atomic
def end_left_memberships(*, agent: Agent, before: frozenset[int]) -> bool:
    """End the sessions of an agent who left one of these teams: open sockets follow what they were once allowed to read.

    Repeat: nothing once it is done. Joining a team ends nothing.
    """
    if before <= teams_of(agent):
        return False
    end_sessions(user=agent.user)
    return True


def _save_user(
    user: User | None, email: str, password: str, name: str, language: str, *, is_staff: bool
) -> tuple[User, bool]:
    """Store the person. Returns them, and whether what a session depends on has changed."""
    if user is None:
        shown = name or email.partition("@")[0].replace(".", " ").title()
        return (
            User.objects.create_user(email, password, display_name=shown, language=language, is_staff=is_staff),
            False,
        )
    changed = not user.check_password(password) or user.is_staff != is_staff or not user.is_active
    if not user.check_password(password):
        user.set_password(password)
    user.is_staff, user.is_active, user.language = is_staff, True, language
    user.display_name = name or user.display_name
    user.save(update_fields=["password", "is_staff", "is_active", "language", "display_name"])
    return user, changed


def _hold_only(user: User, role: str) -> bool:
    """Make an unlimited grant of the role the only unlimited one. Returns whether anything changed."""
    unlimited = Grant.objects.filter(user=user, site=None, team=None)
    removed, _by_model = unlimited.exclude(role=role).delete()
    _grant, created = Grant.objects.get_or_create(user=user, role=role, site=None, team=None)
    return bool(removed or created)


def _check_agent(email: str, role: str, languages: Sequence[str], capacity: int) -> list[str]:
    try:
        validate_email(email)
    except ValidationError:
        raise Refused("bad_email", _("This is not an e-mail address.")) from None
    if role not in Role.values:
        raise Refused("bad_role", _("There is no such role."), role=role)
    if not 1 <= capacity <= MAX_CAPACITY:
        raise Refused("bad_capacity", _("An agent can have between 1 and 100 chats at once."))
    spoken = list(dict.fromkeys(best_language(tag, default="") for tag in languages if tag.strip()))
    if not spoken or "" in spoken:
        raise Refused("bad_languages", _("One of the languages is not a language of the desk."))
    return spoken


def _totp_key(secret: str | None) -> str | None:
    if secret is None:
        return None
    key = codes.clean_totp_key(secret)
    if key is None:
        raise Refused("bad_totp_secret", _("The key must be base32 with at least 80 bits."))
    return key

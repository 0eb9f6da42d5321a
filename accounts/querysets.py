"""Words that queries over people and sites are made of."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.contrib.auth.base_user import BaseUserManager
from django.db import models
from django.db.models.functions import Now

from accounts.choices import Presence

if TYPE_CHECKING:
    from accounts.models import (  # noqa: F401  names of rows in the bases below
        Agent,
        Customer,
        CustomerSession,
        IssuerKey,
        Site,
        Team,
        User,
    )

HEARTBEAT_FRESH = timedelta(seconds=60)


class UserManager(BaseUserManager["User"]):
    """Finds users by e-mail in any case."""

    def get_by_natural_key(self, username: str | None) -> User:
        """The user of an e-mail address, letter case ignored. Raises: User.DoesNotExist."""
        return self.get(email__iexact=username)

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Store a user with a usable password, or with none when password is None."""
        user = self.model(email=self.normalize_email(email), **fields)
        user.set_password(password)
        user.save()
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        """A user who may do everything in the admin; the second factor is still asked."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class AgentQuerySet(models.QuerySet["Agent"]):
    """Agents by presence, team and place."""

    def present(self) -> AgentQuerySet:
        """On shift and heard from within the last minute, by the database's clock."""
        return self.filter(user__is_active=True, presence=Presence.ONLINE, heartbeat_at__gt=Now() - HEARTBEAT_FRESH)

    def of_team(self, team_id: int) -> AgentQuerySet:
        """Members of a team."""
        return self.filter(teams=team_id)

    def locked(self) -> AgentQuerySet:
        """With row locks that do not block inserts that refer to the row."""
        return self.select_for_update(of=("self",), no_key=True)


class TeamQuerySet(models.QuerySet["Team"]):
    """Teams by site."""

    def of_site(self, site_id: int) -> TeamQuerySet:
        """Teams that answer for a site, the default one first."""
        return self.filter(sites=site_id).order_by("-is_default", "pk")


class SiteQuerySet(models.QuerySet["Site"]):
    """Sites by what they serve."""

    def active(self) -> SiteQuerySet:
        """Sites that may be used."""
        return self.filter(is_active=True)


class IssuerKeyQuerySet(models.QuerySet["IssuerKey"]):
    """Keys by who may use them."""

    def verifying(self, site_id: int, issuer: str) -> IssuerKeyQuerySet:
        """Keys that may have signed a token of this issuer for this site."""
        return self.filter(is_active=True, issuer__is_active=True, issuer__site=site_id, issuer__name=issuer)


class CustomerQuerySet(models.QuerySet["Customer"]):
    """Customers by identity."""

    def locked(self) -> CustomerQuerySet:
        """With row locks that do not block inserts that refer to the row."""
        return self.select_for_update(of=("self",), no_key=True)


class CustomerSessionQuerySet(models.QuerySet["CustomerSession"]):
    """Browser sessions of customers."""

    def live(self) -> CustomerSessionQuerySet:
        """Neither revoked nor expired, by the database's clock, of customers and sites that still exist for us."""
        return self.filter(revoked_at=None, expires_at__gt=Now(), customer__erased_at=None, site__is_active=True)

    def with_token(self, digest: bytes) -> CustomerSessionQuerySet:
        """The session of a token, by the token's hash."""
        return self.filter(token_hash=digest)

    def locked(self) -> CustomerSessionQuerySet:
        """With row locks that do not block inserts that refer to the row."""
        return self.select_for_update(of=("self",), no_key=True)

"""Staff: people who sign in, what they are granted, and the teams they answer in."""

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import PermissionsMixin
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Lower, Now
from django.utils.translation import gettext_lazy as _

from accounts.choices import Presence, Role
from accounts.querysets import AgentQuerySet, TeamQuerySet, UserManager


class User(AbstractBaseUser, PermissionsMixin):  # type: ignore[django-manager-missing]  # devices' managers have no types
    """A person of the operator's staff. Customers are never users."""

    email = models.EmailField(_("e-mail"), max_length=254)
    display_name = models.CharField(_("name shown to customers"), max_length=80)
    language = models.CharField(_("language"), max_length=10, default="en")
    time_zone = models.CharField(_("time zone"), max_length=64, default="UTC")
    is_active = models.BooleanField(_("active"), default=True)
    is_staff = models.BooleanField(_("may open the admin"), default=False)
    session_epoch = models.PositiveIntegerField(default=1)  # raised to end every session and socket at once
    created_at = models.DateTimeField(db_default=Now())

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["display_name"]

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        constraints = [models.UniqueConstraint(Lower("email"), name="user_email_unique")]

    def __str__(self) -> str:
        return self.display_name or self.email


class Team(models.Model):
    """People who answer the same tickets, for one or more sites."""

    name = models.CharField(_("name"), max_length=80, unique=True)
    sites = models.ManyToManyField("accounts.Site", related_name="teams", verbose_name=_("sites"))
    is_default = models.BooleanField(_("takes tickets nobody else claims"), default=False)

    objects = TeamQuerySet.as_manager()

    class Meta:
        verbose_name = _("team")
        verbose_name_plural = _("teams")

    def __str__(self) -> str:
        return self.name


class Grant(models.Model):
    """A role held by a user, everywhere or only for one site or team."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="grants", verbose_name=_("user"))
    role = models.CharField(_("role"), max_length=10, choices=Role)
    site = models.ForeignKey("accounts.Site", models.CASCADE, null=True, blank=True, verbose_name=_("site"))
    team = models.ForeignKey(Team, models.CASCADE, null=True, blank=True, verbose_name=_("team"))

    class Meta:
        verbose_name = _("grant")
        verbose_name_plural = _("grants")
        constraints = [
            models.UniqueConstraint("user", "role", "site", "team", name="grant_unique", nulls_distinct=False),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="grant_role_known"),
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.get_role_display()}"


class Agent(models.Model):
    """The answering side of a user: languages, skills, how many chats at once, and whether they are here."""

    user = models.OneToOneField(User, models.CASCADE, primary_key=True, related_name="agent", verbose_name=_("user"))
    teams = models.ManyToManyField(Team, related_name="agents", verbose_name=_("teams"))
    languages = ArrayField(models.CharField(max_length=10), default=list, verbose_name=_("languages"))
    skills = ArrayField(models.CharField(max_length=40), default=list, blank=True, verbose_name=_("skills"))
    capacity = models.PositiveSmallIntegerField(_("chats at once"), default=4)
    presence = models.CharField(_("presence"), max_length=6, choices=Presence, default=Presence.OFF)
    presence_changed_at = models.DateTimeField(db_default=Now())
    heartbeat_at = models.DateTimeField(null=True, blank=True)  # by the database's clock

    objects = AgentQuerySet.as_manager()

    class Meta:
        verbose_name = _("agent")
        verbose_name_plural = _("agents")
        constraints = [
            models.CheckConstraint(condition=models.Q(presence__in=Presence.values), name="agent_presence_known")
        ]

    def __str__(self) -> str:
        return str(self.user)

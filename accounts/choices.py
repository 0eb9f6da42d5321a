"""Values that accounts' columns take."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Role(models.TextChoices):
    """Presets of what a grant allows; the policy table maps each to capabilities."""

    AGENT = "agent", _("Agent")
    LEAD = "lead", _("Lead")
    EDITOR = "editor", _("Editor")
    ADMIN = "admin", pgettext_lazy("role", "Admin")


class Presence(models.TextChoices):
    """What an agent says of themselves. Whether they are really there also needs a fresh heartbeat."""

    ONLINE = "online", _("On shift")
    AWAY = "away", _("Away")
    OFF = "off", _("Off shift")


class Algorithm(models.TextChoices):
    """Signature algorithms an exchange may use for identity tokens; exactly one per key record."""

    EDDSA = "EdDSA", "EdDSA"
    ES256 = "ES256", "ES256"
    HS256 = "HS256", "HS256"


class Assurance(models.TextChoices):
    """How sure we are of who wrote something, decided when it was written. Badges come from this and nothing else."""

    ANONYMOUS = "anonymous", _("Not signed in")
    JWT = "jwt", _("Verified by exchange")
    JWT_STEPUP = "jwt+stepup", _("Verified by exchange, checked again")
    MAIL_ALIGNED = "mail-aligned", _("Mail from a confirmed address")
    MAIL_UNVERIFIED = "mail-unverified", _("Mail, sender not verified")
    AGENT = "agent", _("Agent")
    BOT = "bot", _("Assistant")
    SYSTEM = "system", _("System")

"""Sites that embed the widget, their policies with history, and who may vouch for their customers."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.choices import Algorithm
from accounts.querysets import IssuerKeyQuerySet, SiteQuerySet
from core.crypto.fields import SealedTextField


class Site(models.Model):
    """One web site or brand. Its key stands in public pages; its origins decide who may embed it."""

    key = models.CharField(
        pgettext_lazy("short name", "key"),
        max_length=40,
        unique=True,
        validators=[RegexValidator(r"\A[a-z0-9][a-z0-9-]{1,39}\Z")],
    )
    name = models.CharField(_("name"), max_length=80)
    origins = ArrayField(models.CharField(max_length=200), default=list, verbose_name=_("origins"))
    default_language = models.CharField(_("default language"), max_length=10, default="en")
    languages = ArrayField(models.CharField(max_length=10), default=list, blank=True, verbose_name=_("languages"))
    time_zone = models.CharField(_("time zone"), max_length=64, default="UTC")
    theme = models.JSONField(_("look"), default=dict, blank=True)
    is_active = models.BooleanField(_("active"), default=True)
    created_at = models.DateTimeField(db_default=Now())

    objects = SiteQuerySet.as_manager()

    class Meta:
        verbose_name = _("site")
        verbose_name_plural = _("sites")

    def __str__(self) -> str:
        return self.name


class SitePolicy(models.Model):
    """One setting that staff change (limits, schedules, texts). The newest row of a name counts; older rows are history."""

    site = models.ForeignKey(Site, models.CASCADE, related_name="policies", verbose_name=_("site"))
    name = models.CharField(_("name"), max_length=60)
    value = models.JSONField(_("value"))
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, verbose_name=_("changed by")
    )
    changed_at = models.DateTimeField(_("changed at"), db_default=Now())

    class Meta:
        verbose_name = _("site policy")
        verbose_name_plural = _("site policies")
        indexes = [models.Index("site", "name", models.F("changed_at").desc(), name="site_policy_newest")]

    def __str__(self) -> str:
        return f"{self.site}: {self.name}"


class Issuer(models.Model):
    """An exchange system that signs identity tokens (`iss`) for one site."""

    site = models.ForeignKey(Site, models.CASCADE, related_name="issuers", verbose_name=_("site"))
    name = models.CharField(_("issuer (iss)"), max_length=200)
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("identity issuer")
        verbose_name_plural = _("identity issuers")
        constraints = [models.UniqueConstraint("site", "name", name="issuer_unique")]

    def __str__(self) -> str:
        return self.name


class IssuerKey(models.Model):
    """One verification key of an issuer. It holds exactly one algorithm: a token cannot choose another."""

    issuer = models.ForeignKey(Issuer, models.CASCADE, related_name="keys", verbose_name=_("issuer"))
    kid = models.CharField(_("key id (kid)"), max_length=80, blank=True)
    algorithm = models.CharField(_("algorithm"), max_length=6, choices=Algorithm)
    key = SealedTextField(_("key: shared secret, or public key in PEM"))
    is_active = models.BooleanField(_("active"), default=True)
    created_at = models.DateTimeField(db_default=Now())

    objects = IssuerKeyQuerySet.as_manager()

    class Meta:
        verbose_name = _("identity key")
        verbose_name_plural = _("identity keys")
        constraints = [
            models.UniqueConstraint("issuer", "kid", name="issuer_key_unique"),
            models.CheckConstraint(
                condition=models.Q(algorithm__in=Algorithm.values), name="issuer_key_algorithm_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.issuer}: {self.kid or self.algorithm}"

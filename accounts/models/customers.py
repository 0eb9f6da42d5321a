"""Customers, the keys their words are sealed under, and the sessions of their browsers."""

import uuid

from django.db import models
from django.db.models.functions import Lower, Now
from django.utils.translation import gettext_lazy as _

from accounts.choices import Assurance
from accounts.querysets import CustomerQuerySet, CustomerSessionQuerySet


class Customer(models.Model):
    """A person who asks. Verified by an issuer's signed token, or anonymous (no issuer), or known by mail only.

    E-mail, name and attributes are never identity: nothing is shown, joined or merged on them.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    site = models.ForeignKey("accounts.Site", models.PROTECT, related_name="customers")
    issuer = models.ForeignKey("accounts.Issuer", models.PROTECT, null=True, blank=True, related_name="customers")
    subject = models.CharField(max_length=200, null=True, blank=True)  # noqa: DJ001  null: nobody vouches
    name = models.CharField(_("name"), max_length=80, blank=True)
    language = models.CharField(_("language"), max_length=10, blank=True)
    time_zone = models.CharField(_("time zone"), max_length=64, blank=True)
    tier = models.CharField(_("tier"), max_length=40, blank=True)
    attributes = models.JSONField(default=dict, blank=True)
    account_manager = models.ForeignKey("accounts.Agent", models.SET_NULL, null=True, blank=True, related_name="+")
    joined_into = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="joined")
    created_at = models.DateTimeField(db_default=Now())
    seen_at = models.DateTimeField(null=True, blank=True)
    erased_at = models.DateTimeField(null=True, blank=True)

    objects = CustomerQuerySet.as_manager()

    class Meta:
        verbose_name = _("customer")
        verbose_name_plural = _("customers")
        constraints = [
            models.UniqueConstraint("issuer", "subject", name="customer_identity_unique"),
            models.CheckConstraint(
                condition=models.Q(issuer=None, subject=None) | models.Q(issuer__isnull=False, subject__isnull=False),
                name="customer_identity_whole",
            ),
        ]

    def __str__(self) -> str:
        return self.name or str(self.public_id)

    @property
    def is_verified(self) -> bool:
        """Whether an issuer vouched for this person."""
        return self.issuer_id is not None


class EmailAddress(models.Model):
    """An address a customer gave. Only a verified one is ever written to with private content."""

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="addresses")
    address = models.EmailField(max_length=254)
    verified_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("e-mail address")
        verbose_name_plural = _("e-mail addresses")
        constraints = [models.UniqueConstraint("customer", Lower("address"), name="email_address_unique")]

    def __str__(self) -> str:
        return self.address


class DataKey(models.Model):
    """A customer's key, wrapped by the key list. Destroying the row makes everything sealed under it unreadable."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)  # bound into the wrapping
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="data_keys")
    wrapped = models.BinaryField()
    created_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return str(self.public_id)


class CustomerSession(models.Model):
    """One browser of a customer. The token itself is never stored, only its SHA-256."""

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="sessions")
    site = models.ForeignKey("accounts.Site", models.CASCADE)
    token_hash = models.BinaryField(max_length=32, unique=True)
    assurance = models.CharField(max_length=20, choices=Assurance)
    epoch = models.PositiveIntegerField(default=1)
    language = models.CharField(max_length=10, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = CustomerSessionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(assurance__in=[Assurance.ANONYMOUS, Assurance.JWT, Assurance.JWT_STEPUP]),
                name="customer_session_assurance_known",
            )
        ]

    def __str__(self) -> str:
        return f"session {self.pk}"


class UsedToken(models.Model):
    """A `jti` that was spent, and the session it made: it is accepted again only together with that session's token."""

    issuer = models.ForeignKey("accounts.Issuer", models.CASCADE)
    jti = models.CharField(max_length=200)
    session = models.ForeignKey(CustomerSession, models.CASCADE, related_name="used_tokens")
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint("issuer", "jti", name="used_token_unique")]

    def __str__(self) -> str:
        return self.jti

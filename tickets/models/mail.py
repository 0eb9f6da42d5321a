"""Outgoing mail as rows: written with their cause, sent by a worker, visible on the message."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from tickets.choices import DeliveryState


class Delivery(models.Model):
    """One mail to one address because of one message. The Message-ID is fixed, so a repeat can be recognised."""

    message = models.ForeignKey("tickets.Message", models.CASCADE, related_name="deliveries")
    participant = models.ForeignKey("tickets.Participant", models.CASCADE, related_name="deliveries")
    rfc_message_id = models.CharField(max_length=200, unique=True)
    state = models.CharField(max_length=10, choices=DeliveryState, default=DeliveryState.PENDING)
    attempts = models.SmallIntegerField(default=0)
    due_at = models.DateTimeField(db_default=Now())
    sent_at = models.DateTimeField(null=True, blank=True)
    failure = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        constraints = [models.UniqueConstraint("message", "participant", name="delivery_unique")]
        indexes = [models.Index("due_at", condition=Q(state=DeliveryState.PENDING), name="delivery_due")]

    def __str__(self) -> str:
        return self.rfc_message_id

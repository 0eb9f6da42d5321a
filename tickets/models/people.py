"""Who takes part in a ticket besides its customer, and how far each side has read."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower, Now
from django.utils.translation import gettext_lazy as _

from tickets.choices import ParticipantRole


class Participant(models.Model):
    """An address that takes part by mail. Nothing is mailed to one that is neither verified nor the sender."""

    ticket = models.ForeignKey("tickets.Ticket", models.CASCADE, related_name="participants")
    address = models.EmailField(max_length=254)
    role = models.CharField(max_length=4, choices=ParticipantRole)
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True)
    verified_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("participant")
        verbose_name_plural = _("participants")
        constraints = [models.UniqueConstraint("ticket", Lower("address"), name="participant_unique")]

    def __str__(self) -> str:
        return self.address


class TicketRead(models.Model):
    """How far the customer (agent empty) or an agent has read a thread, by public number."""

    ticket = models.ForeignKey("tickets.Ticket", models.CASCADE, related_name="reads")
    agent = models.ForeignKey("accounts.Agent", models.CASCADE, null=True, blank=True)
    public_seq = models.IntegerField()
    read_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint("ticket", "agent", name="ticket_read_unique", nulls_distinct=False),
            models.CheckConstraint(condition=Q(public_seq__gte=0), name="ticket_read_sane"),
        ]

    def __str__(self) -> str:
        return f"{self.ticket} read to {self.public_seq}"

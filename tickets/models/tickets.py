"""The ticket: one case of one customer, its state, its owner and its place in the queue."""

import uuid

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from tickets.choices import OPEN_STATUSES, Channel, CloseReason, Priority, TicketStatus
from tickets.querysets import TicketQuerySet

HELD = Q(status__in=[TicketStatus.ASSIGNED, TicketStatus.WAITING])


class Topic(models.Model):
    """What a ticket is about; forms, routing and figures use the same list."""

    key = models.SlugField(pgettext_lazy("short name", "key"), max_length=60, unique=True)
    name = models.CharField(_("name"), max_length=80)
    is_sensitive = models.BooleanField(_("always goes to a specialist"), default=False)

    class Meta:
        verbose_name = _("topic")
        verbose_name_plural = _("topics")

    def __str__(self) -> str:
        return self.name


class TicketTag(models.Model):
    """A word that agents put on tickets."""

    name = models.CharField(_("name"), max_length=40, unique=True)

    class Meta:
        verbose_name = _("tag")
        verbose_name_plural = _("tags")

    def __str__(self) -> str:
        return self.name


class Ticket(models.Model):
    """One case, in any channel, with one thread.

    `last_seq` and `last_public_seq` are handed out under this row's lock, so commit order is number order.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    number = models.BigIntegerField(
        unique=True, db_default=models.Func(models.Value("ticket_number"), function="nextval")
    )
    site = models.ForeignKey("accounts.Site", models.PROTECT, related_name="tickets")
    customer = models.ForeignKey("accounts.Customer", models.PROTECT, related_name="tickets")
    data_key = models.ForeignKey("accounts.DataKey", models.PROTECT, related_name="+")
    team = models.ForeignKey("accounts.Team", models.PROTECT, related_name="tickets")
    assignee = models.ForeignKey("accounts.Agent", models.PROTECT, null=True, blank=True, related_name="tickets")
    channel = models.CharField(max_length=10, choices=Channel)
    status = models.CharField(max_length=10, choices=TicketStatus)
    close_reason = models.CharField(max_length=10, choices=CloseReason, blank=True)
    priority = models.SmallIntegerField(choices=Priority, default=Priority.NORMAL)
    topic = models.ForeignKey(Topic, models.PROTECT, null=True, blank=True)
    tags = models.ManyToManyField(TicketTag, blank=True, related_name="tickets")
    language = models.CharField(max_length=10, default="en")
    subject = models.BinaryField(default=b"", blank=True)  # sealed under the data key
    preview = models.BinaryField(default=b"", blank=True)  # sealed; the newest words, for lists
    last_seq = models.IntegerField(default=0)
    last_public_seq = models.IntegerField(default=0)
    sealed_seq = models.IntegerField(default=0)  # up to where the transcript's hash chain is sealed
    offered_until = models.DateTimeField(null=True, blank=True)
    accepted_at = models.DateTimeField(null=True, blank=True)
    assigned_at = models.DateTimeField(null=True, blank=True)
    queued_at = models.DateTimeField(null=True, blank=True)
    waiting_since = models.DateTimeField(null=True, blank=True)  # oldest customer message without an answer
    snoozed_until = models.DateTimeField(null=True, blank=True)
    solved_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    follow_up_of = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="follow_ups")
    merged_into = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="merged")
    retention_class = models.CharField(max_length=20, default="standard")
    legal_hold = models.BooleanField(default=False)
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(db_default=Now())

    objects = TicketQuerySet.as_manager()

    class Meta:
        verbose_name = _("ticket")
        verbose_name_plural = _("tickets")
        constraints = [
            models.CheckConstraint(condition=Q(status__in=TicketStatus.values), name="ticket_status_known"),
            models.CheckConstraint(
                condition=(HELD & Q(assignee__isnull=False))
                | (Q(status__in=[TicketStatus.BOT, TicketStatus.QUEUED]) & Q(assignee__isnull=True))
                | Q(status__in=[TicketStatus.SOLVED, TicketStatus.CLOSED]),
                name="ticket_held_by_exactly_one",
            ),
            models.CheckConstraint(
                condition=~Q(status=TicketStatus.QUEUED) | Q(queued_at__isnull=False), name="ticket_queued_since"
            ),
            models.CheckConstraint(condition=Q(offered_until=None) | HELD, name="ticket_offer_only_while_held"),
            models.CheckConstraint(
                condition=Q(last_public_seq__lte=models.F("last_seq")) & Q(last_public_seq__gte=0),
                name="ticket_counters_sane",
            ),
            models.UniqueConstraint(
                "customer",
                condition=Q(channel=Channel.CHAT) & ~Q(status=TicketStatus.CLOSED),
                name="ticket_one_live_chat",
            ),
        ]
        indexes = [
            models.Index("team", "priority", "queued_at", condition=Q(status=TicketStatus.QUEUED), name="ticket_queue"),
            models.Index("assignee", condition=Q(status__in=OPEN_STATUSES), name="ticket_mine"),
            models.Index("status", "updated_at", condition=Q(status__in=OPEN_STATUSES), name="ticket_open_by_state"),
        ]

    def __str__(self) -> str:
        return f"#{self.number}"


class TicketAlias(models.Model):
    """A number that now leads to another ticket, left behind by a merge."""

    number = models.BigIntegerField(unique=True)
    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="aliases")

    def __str__(self) -> str:
        return f"#{self.number} -> {self.ticket}"


class TicketField(models.Model):
    """A question that tickets of a topic carry, with a type that its values must have."""

    class Type(models.TextChoices):
        """What a value may be."""

        TEXT = "text", _("Text")
        NUMBER = "number", _("Number")
        CHOICE = "choice", _("Choice")
        DATE = "date", _("Date")

    key = models.SlugField(pgettext_lazy("short name", "key"), max_length=60, unique=True)
    name = models.CharField(_("name"), max_length=80)
    type = models.CharField(_("type"), max_length=10, choices=Type)
    options = models.JSONField(_("options"), default=list, blank=True)
    topic = models.ForeignKey(Topic, models.CASCADE, null=True, blank=True, verbose_name=_("topic"))

    class Meta:
        verbose_name = _("ticket field")
        verbose_name_plural = _("ticket fields")

    def __str__(self) -> str:
        return self.name


class TicketFieldValue(models.Model):
    """The answer to one question on one ticket, sealed."""

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="field_values")
    field = models.ForeignKey(TicketField, models.PROTECT)
    value = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint("ticket", "field", name="ticket_field_value_unique")]

    def __str__(self) -> str:
        return f"{self.field} of {self.ticket}"

"""The thread: every entry of a ticket, numbered, sealed, never changed without a row that says so."""

import uuid

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.choices import Assurance
from tickets.choices import AuthorKind, Channel, MessageKind
from tickets.querysets import MessageQuerySet


class Message(models.Model):
    """One numbered entry of a ticket's thread.

    `seq` counts all entries, `public_seq` those the customer may see; both without holes. An activity row says what
    happened in `data` (typed by `activity`); a change to an older entry is a row of its own (`activity` = changed).
    """

    ticket = models.ForeignKey("tickets.Ticket", models.CASCADE, related_name="messages")
    seq = models.IntegerField()
    public_seq = models.IntegerField(null=True, blank=True)
    kind = models.CharField(max_length=10, choices=MessageKind)
    activity = models.CharField(max_length=30, blank=True)
    data = models.JSONField(default=dict, blank=True)  # no personal text, no message text
    author_kind = models.CharField(max_length=10, choices=AuthorKind)
    author_id = models.BigIntegerField()
    client_id = models.UUIDField(default=uuid.uuid4)
    digest = models.BinaryField(max_length=32)  # keyed hash of what was sent: tells a repeat from a conflict
    body = models.BinaryField()  # sealed under the ticket's data key, bound to (ticket, author, client_id)
    scrubbed = models.JSONField(default=list, blank=True)  # kinds of secrets that were removed before storing
    assurance = models.CharField(max_length=20, choices=Assurance)
    source = models.CharField(max_length=10, choices=Channel)
    language = models.CharField(max_length=10, blank=True)
    revision = models.IntegerField(default=0)
    created_at = models.DateTimeField(db_default=Now())

    objects = MessageQuerySet.as_manager()

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        constraints = [
            models.UniqueConstraint("ticket", "seq", name="message_seq_unique"),
            models.UniqueConstraint(
                "ticket", "public_seq", condition=Q(public_seq__isnull=False), name="message_public_seq_unique"
            ),
            models.UniqueConstraint("author_kind", "author_id", "client_id", name="message_sent_once"),
            models.CheckConstraint(condition=Q(seq__gt=0), name="message_seq_positive"),
            models.CheckConstraint(condition=Q(kind__in=MessageKind.values), name="message_kind_known"),
            models.CheckConstraint(
                condition=~Q(kind=MessageKind.NOTE) | Q(public_seq=None), name="message_note_is_private"
            ),
            models.CheckConstraint(
                condition=(Q(kind=MessageKind.ACTIVITY) & ~Q(activity=""))
                | (~Q(kind=MessageKind.ACTIVITY) & Q(activity="")),
                name="message_activity_named",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.seq}"


class MessageRevision(models.Model):
    """An earlier text of an entry that was edited; kept sealed, gone with the customer's key."""

    message = models.ForeignKey(Message, models.CASCADE, related_name="revisions")
    revision = models.IntegerField()
    body = models.BinaryField()
    replaced_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint("message", "revision", name="message_revision_unique")]

    def __str__(self) -> str:
        return f"revision {self.revision} of {self.message}"

"""Files that people add to messages."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from tickets.choices import AttachmentState
from tickets.file_queries import AttachmentQuerySet


class Attachment(models.Model):
    """One stored file: content sealed on disk under a random name, listed only once content and checksum are stored.

    It belongs to whoever uploaded it until a message of theirs claims it, within an hour.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    message = models.ForeignKey("tickets.Message", models.CASCADE, null=True, blank=True, related_name="attachments")
    position = models.SmallIntegerField(default=0)
    data_key = models.ForeignKey("accounts.DataKey", models.PROTECT, related_name="+")
    customer = models.ForeignKey("accounts.Customer", models.CASCADE, null=True, blank=True, related_name="uploads")
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True)
    name = models.BinaryField()  # sealed: names tell stories
    content_type = models.CharField(max_length=100)
    size = models.BigIntegerField()
    checksum = models.BinaryField(max_length=32)  # keyed hash of the content
    path = models.CharField(max_length=100, unique=True)
    is_image = models.BooleanField(default=False)  # decoded and encoded again by us: may be shown in place
    state = models.CharField(max_length=10, choices=AttachmentState)
    created_at = models.DateTimeField(db_default=Now())

    objects = AttachmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("attachment")
        verbose_name_plural = _("attachments")
        constraints = [
            models.CheckConstraint(
                condition=Q(customer__isnull=False, uploaded_by=None) | Q(customer=None, uploaded_by__isnull=False),
                name="attachment_one_owner",
            ),
        ]
        indexes = [models.Index("created_at", condition=Q(message=None), name="attachment_unclaimed")]

    def __str__(self) -> str:
        return str(self.public_id)

"""Words that queries over files are made of."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer, User
from accounts.policy import scope_of
from core.errors import NotFound
from tickets.choices import AttachmentState

if TYPE_CHECKING:
    from tickets.models import Attachment


class AttachmentQuerySet(models.QuerySet["Attachment"]):
    """Files by who may open them and whether a message has claimed them."""

    def visible_to(self, user: User) -> AttachmentQuerySet:
        """What a member of staff may open: files of tickets they may read, and what they uploaded themselves just now."""
        scope = scope_of(user, "ticket.read")
        in_tickets = Q(message__isnull=False) & scope.as_query("message__ticket__site_id", "message__ticket__team_id")
        return self.stored().filter(in_tickets | Q(message=None, uploaded_by=user))

    def of_customer(self, customer: Customer) -> AttachmentQuerySet:
        """What a customer may open: files of their threads' public entries, and what they uploaded just now."""
        in_threads = Q(message__ticket__customer=customer, message__public_seq__isnull=False)
        return self.stored().filter(in_threads | Q(message=None, customer=customer))

    def owned_by(self, owner: Customer | User) -> AttachmentQuerySet:
        """What somebody uploaded."""
        return self.filter(customer=owner) if isinstance(owner, Customer) else self.filter(uploaded_by=owner)

    def stored(self) -> AttachmentQuerySet:
        """Content and checksum are on disk."""
        return self.filter(state=AttachmentState.STORED)

    def unclaimed(self) -> AttachmentQuerySet:
        """Not yet part of a message."""
        return self.filter(message=None)

    def fresher_than(self, age: timedelta) -> AttachmentQuerySet:
        """Uploaded within this span, by the database's clock."""
        return self.filter(created_at__gt=Now() - age)

    def older_than(self, age: timedelta) -> AttachmentQuerySet:
        """Uploaded before this span began, by the database's clock."""
        return self.filter(created_at__lte=Now() - age)

    def locked(self) -> AttachmentQuerySet:
        """With row locks that do not block inserts that refer to the row."""
        return self.select_for_update(of=("self",), no_key=True)

    def locked_if_free(self) -> AttachmentQuerySet:
        """As `locked`, but rows that someone else holds are left out."""
        return self.select_for_update(of=("self",), no_key=True, skip_locked=True)

    def find(self, public_id: UUID) -> Attachment:
        """The file of a public id, its key joined. Raises: NotFound, also for a stranger's."""
        attachment = self.select_related("data_key").filter(public_id=public_id).first()
        if attachment is None:
            raise file_not_found()
        return attachment


def file_not_found() -> NotFound:
    """The one answer for a file that is not there, not theirs, not stored yet or claimed already."""
    return NotFound("file_not_found", _("There is no such file."))

"""Files: stored first, then claimed by the message that names them, or swept away."""

import hmac
from collections.abc import Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer, DataKey, User
from accounts.selectors import opened_key
from core.crypto.keys import WrongKey
from core.errors import Refused
from tickets.choices import AttachmentState
from tickets.entries import FileCard
from tickets.file_queries import file_not_found
from tickets.file_sealing import card_of, content_aad, name_aad
from tickets.file_store import new_path, read_file, remove_file, write_file
from tickets.models import Attachment, Message
from tickets.uploads import CheckedFile, checked_file

CLAIM_WITHIN: Final = timedelta(hours=1)
FILES_PER_MESSAGE: Final = 10
SWEEP_BATCH: Final = 500


def store_attachment(*, owner: Customer | User, data_key: DataKey, name: str, content: bytes) -> Attachment:
    """Check a file, keep it sealed on disk, and give it an id that a message of the owner may claim within an hour.

    `data_key` is the customer's that the file concerns: destroying it makes the file unreadable. Two short transactions
    with the disk between them: every file on disk is named by a row from the first byte on, so a crash leaves nothing that
    the sweeper cannot find, and a row counts as stored only when the content is safe.
    Raises: Refused as `checked_file`, or ``file_not_stored`` if the disk does not take it.
    """
    checked = checked_file(name, content, settings.ATTACHMENT_MAX_BYTES)
    key = opened_key(data_key)
    attachment = _reserved(owner, data_key, checked)
    try:
        write_file(attachment.path, key.seal(checked.content, content_aad(attachment.public_id)))
    except OSError:
        attachment.delete()
        raise Refused("file_not_stored", _("The file could not be stored. Please try again later.")) from None
    attachment.state = AttachmentState.STORED
    attachment.save(update_fields=["state"])
    return attachment


def claim_attachments(message: Message, *, owner: Customer | User, ids: Sequence[UUID]) -> tuple[FileCard, ...]:
    """Make files part of a message, in the given order. Belongs inside the transaction that stores the message.

    Raises: NotFound if one of them is not the owner's, not stored, older than an hour, part of a message already, or sealed
    under another key than the ticket's (uploaded for another customer, or before two histories were joined).
    Refused ``too_many_files``. Locks: the files, after the ticket.
    """
    wanted = list(dict.fromkeys(ids))
    if not wanted:
        return ()
    check_count(len(wanted))
    free = Attachment.objects.owned_by(owner).stored().unclaimed().fresher_than(CLAIM_WITHIN)
    rows = free.filter(public_id__in=wanted).order_by("pk").locked()
    found = {row.public_id: row for row in rows}
    if len(found) != len(wanted):
        raise file_not_found()
    files = [found[public_id] for public_id in wanted]
    if any(file.data_key_id != message.ticket.data_key_id for file in files):
        raise file_not_found()
    for position, file in enumerate(files):
        file.message, file.position = message, position
    Attachment.objects.bulk_update(files, ["message", "position"])
    key = opened_key(message.ticket.data_key)
    return tuple(card_of(file, key) for file in files)


def check_count(count: int) -> None:
    """Raises: Refused ``too_many_files`` above the number that one message may carry."""
    if count > FILES_PER_MESSAGE:
        raise Refused("too_many_files", _("A message can carry up to 10 files."), limit=FILES_PER_MESSAGE)


def open_attachment(attachment: Attachment) -> bytes:
    """The content of a stored file. Raises: WrongKey if it was altered; NotFound if it is gone."""
    key = opened_key(attachment.data_key)
    try:
        content = key.open(read_file(attachment.path), content_aad(attachment.public_id))
    except FileNotFoundError:
        raise file_not_found() from None
    if not hmac.compare_digest(key.digest(content), bytes(attachment.checksum)):
        raise WrongKey
    return content


def forget_files(message: Message) -> None:
    """Delete the files of a message, content first: a crash leaves rows that open nothing. Inside the caller's transaction."""
    files = Attachment.objects.filter(message=message)
    for path in files.values_list("path", flat=True):
        remove_file(path)
    files.delete()


@transaction.atomic
def remove_unclaimed_attachments() -> int:
    """Delete what no message claimed within an hour, half-stored files included; how many.

    Repeat: harmless; at most 500 at a time. The file goes before its row, so that a crash leaves the row to find it by.
    Locks: the files, those that nobody is claiming just now.
    """
    late = Attachment.objects.unclaimed().older_than(CLAIM_WITHIN).order_by("created_at")
    rows = list(late.locked_if_free()[:SWEEP_BATCH])
    for row in rows:
        remove_file(row.path)
    Attachment.objects.filter(pk__in=[row.pk for row in rows]).delete()
    return len(rows)


def _reserved(owner: Customer | User, data_key: DataKey, checked: CheckedFile) -> Attachment:
    """The row that names the place before anything is written there."""
    public_id, key = uuid4(), opened_key(data_key)
    return Attachment.objects.create(
        public_id=public_id,
        data_key=data_key,
        customer=owner if isinstance(owner, Customer) else None,
        uploaded_by=owner if isinstance(owner, User) else None,
        name=key.seal(checked.name.encode(), name_aad(public_id)),
        content_type=checked.content_type,
        size=len(checked.content),
        checksum=key.digest(checked.content),
        path=new_path(),
        is_image=checked.is_image,
        state=AttachmentState.SCANNING,
    )

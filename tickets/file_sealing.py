"""Seals a file's name and content under the data key of the customer it concerns, bound to the file's id."""

from uuid import UUID

from core.crypto.data_keys import OpenKey
from tickets.entries import FileCard
from tickets.models import Attachment


def content_aad(attachment: UUID) -> bytes:
    """What a file's content is bound to."""
    return f"{attachment}|content".encode()


def name_aad(attachment: UUID) -> bytes:
    """What a file's name is bound to."""
    return f"{attachment}|name".encode()


def card_of(attachment: Attachment, key: OpenKey) -> FileCard:
    """The file as threads list it. Raises: WrongKey."""
    name = key.open(bytes(attachment.name), name_aad(attachment.public_id)).decode()
    return FileCard(attachment.public_id, name, attachment.content_type, attachment.size, attachment.is_image)

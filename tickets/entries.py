"""An entry of a thread as everyone outside the tables sees it: opened, named, frozen."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class FileCard:
    """A file of an entry. `id` opens it through a signed link that the edge makes for its reader."""

    id: UUID
    name: str
    type: str
    size: int
    is_image: bool


@dataclass(frozen=True, slots=True)
class Entry:
    """One numbered entry. `body` is open text: hold it for a request, never log it."""

    ticket: UUID
    seq: int
    public_seq: int | None
    kind: str
    author_kind: str
    author_id: int
    author_name: str
    client_id: UUID
    created_at: datetime
    assurance: str
    language: str = ""
    activity: str = ""
    data: dict[str, Any] = field(default_factory=dict)
    body: str = field(default="", repr=False)
    scrubbed: tuple[str, ...] = ()
    attachments: tuple[FileCard, ...] = ()
    revision: int = 0

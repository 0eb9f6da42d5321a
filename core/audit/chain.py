"""How an entry is tied to the one before it: pure functions over plain values."""

import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Protocol

from django.conf import settings

from core.crypto.keys import decode_key

#: What the first entry names as its predecessor.
GENESIS = sha256(b"desk audit: the first entry has no predecessor").digest()

_Plain = str | int | bool | None
Fact = _Plain | Sequence["Fact"] | Mapping[str, "Fact"]


class Linked(Protocol):
    """What of an entry is authenticated: everything but the code itself."""

    sequence: int
    at: datetime
    actor_kind: str
    actor_id: str
    role: str
    session: str
    action: str
    object_kind: str
    object_id: str
    facts: Mapping[str, Fact]
    reason: str
    address: str
    previous: bytes | memoryview


def audit_key() -> bytes:
    """The key of the chain. Raises: ImproperlyConfigured naming AUDIT_KEY."""
    return decode_key(settings.AUDIT_KEY, "AUDIT_KEY")


def mac_of(entry: Linked, key: bytes) -> bytes:
    """HMAC-SHA256 over all values of the entry and the code of the one before."""
    return hmac.digest(key, encode(entry), sha256)


def encode(entry: Linked) -> bytes:
    """One spelling for one meaning: each value as UTF-8 with its length before it, in a fixed order."""
    values = (
        "desk audit 1",
        str(entry.sequence),
        entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
        entry.actor_kind,
        entry.actor_id,
        entry.role,
        entry.session,
        entry.action,
        entry.object_kind,
        entry.object_id,
        json.dumps(entry.facts, sort_keys=True, separators=(",", ":"), ensure_ascii=False),
        entry.reason,
        entry.address,
        bytes(entry.previous).hex(),
    )
    parts = [value.encode() for value in values]
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


def plain_facts(value: object) -> Fact:
    """Facts as JSON that reads back exactly as it was written. Raises: TypeError for floats and other things that do
    not.
    """
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, Mapping):
        if not all(isinstance(name, str) for name in value):
            raise TypeError("names of facts are text")
        return {name: plain_facts(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain_facts(item) for item in value]
    raise TypeError(f"a fact is text, a whole number, true, false or nothing, not {type(value).__name__}")

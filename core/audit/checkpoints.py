"""Signed notes of how far the chain went, kept outside the database.

A chain alone cannot tell that its end was cut off, nor that somebody who holds its key wrote another one. A checkpoint
can: it names the last entry and its code, is signed with Ed25519 and tied to the checkpoint before it. Copies belong
on another machine: they need only the public key to be checked.
"""

import fcntl
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings

from core.audit.chain import audit_key
from core.audit.models import Entry
from core.crypto.data_keys import derive_key

FIRST = "0" * 64


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The end of the chain at one moment. ``mac`` and ``before`` (hash of the line before) are hex, ``at`` is ISO
    8601.
    """

    sequence: int
    mac: str
    at: str
    before: str

    @property
    def signed_bytes(self) -> bytes:
        """What the signature covers."""
        return json.dumps(asdict(self), sort_keys=True).encode()

    @property
    def moment(self) -> datetime:
        """`at` as a moment."""
        return datetime.fromisoformat(self.at)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the file: a checkpoint, or None if the line is damaged, signed by another or out of its place."""

    number: int
    checkpoint: Checkpoint | None


def checkpoint_path() -> Path:
    """Where this desk keeps its checkpoints."""
    return Path(settings.DATA_DIR) / "audit" / "checkpoints.jsonl"


def public_key() -> str:
    """The key with which an auditor checks signatures, in hex."""
    return _signing_key().public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()


def checkpoint() -> Checkpoint | None:
    """Note the end of the chain, on disk when this returns. None if nothing was added since the last note.

    Repeat: harmless; processes that do it at once wait for each other.
    Cost: 1 query, one fsync.
    """
    last = Entry.objects.order_by("-sequence").only("sequence", "mac", "at").first()
    if last is None:
        return None
    path = checkpoint_path()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(handle, "r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        before, sequence = _end_of(file.read())
        if sequence >= last.sequence:
            return None
        made = Checkpoint(last.sequence, bytes(last.mac).hex(), last.at.isoformat(), before)
        signature = _signing_key().sign(made.signed_bytes).hex()
        file.write(json.dumps({**asdict(made), "signature": signature}).encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())
    return made


def read_checkpoints() -> Iterator[Line]:
    """Every line of the file, checked: signature and tie to the line before."""
    path = checkpoint_path()
    if not path.exists():
        return
    key, before = _signing_key().public_key(), FIRST
    for number, raw in enumerate(path.read_bytes().splitlines(), 1):
        try:
            values = json.loads(raw)
            signature = bytes.fromhex(values.pop("signature"))
            made = Checkpoint(**values)
            key.verify(signature, made.signed_bytes)
            yield Line(number, made if made.before == before else None)
        except (ValueError, TypeError, KeyError, AttributeError, InvalidSignature):
            yield Line(number, None)
        before = sha256(raw).hexdigest()


def _end_of(content: bytes) -> tuple[str, int]:
    """The hash of the last line and the number it names; a damaged line names none, and verification tells of it."""
    lines = content.splitlines()
    if not lines:
        return FIRST, 0
    try:
        sequence = int(json.loads(lines[-1])["sequence"])
    except (ValueError, TypeError, KeyError):
        sequence = 0
    return sha256(lines[-1]).hexdigest(), sequence


def _signing_key() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(derive_key(audit_key(), b"desk audit checkpoint"))

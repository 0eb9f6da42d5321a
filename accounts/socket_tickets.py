"""One-time tickets for the agents' socket: a cookie alone never opens it.

The console page carries a ticket; the socket's first frame spends it. It is signed, bound to the session and to the user's
epoch, and a second use is refused by a unique row, whatever becomes of Redis.
"""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Final

from django.core import signing
from django.db import IntegrityError, transaction
from django.db.models.functions import Now

from accounts.models import SpentTicket, User

LIFE: Final = timedelta(hours=2)  # a page may lie open before it connects
_SALT: Final = "accounts.socket-ticket"


def issue(user: User, session_key: str) -> str:
    """A fresh ticket for a page of this session."""
    value = {
        "user": user.pk,
        "epoch": user.session_epoch,
        "session": _fingerprint(session_key),
        "once": secrets.token_urlsafe(16),
    }
    return signing.dumps(value, salt=_SALT)


def redeem(ticket: str, session_key: str) -> int | None:
    """Spend a ticket: the id of its user, or None if it is forged, old, of another session or epoch, or spent.

    Repeat: None. Cost: 2 queries; sync.
    """
    if len(ticket) > 1000:
        return None
    try:
        value = signing.loads(ticket, salt=_SALT, max_age=LIFE)
    except signing.BadSignature:
        return None
    if not secrets.compare_digest(value["session"], _fingerprint(session_key)):
        return None
    if not User.objects.filter(pk=value["user"], is_active=True, session_epoch=value["epoch"]).exists():
        return None
    return int(value["user"]) if _spend(str(value["once"])) else None


def forget_expired() -> int:
    """Remove rows of tickets that have expired anyway. Returns how many. Repeat: harmless."""
    deleted, _ = SpentTicket.objects.filter(expires_at__lt=Now()).delete()
    return deleted


def _spend(once: str) -> bool:
    try:
        with transaction.atomic():
            SpentTicket.objects.create(
                digest=sha256(once.encode()).digest(), expires_at=datetime.now(UTC) + LIFE + timedelta(minutes=5)
            )
    except IntegrityError:
        return False
    return True


def _fingerprint(session_key: str) -> str:
    return sha256(b"desk socket ticket\x00" + session_key.encode()).hexdigest()

"""Ending the sessions of staff, and changing what they depend on."""

from __future__ import annotations

from django.db import transaction
from django.db.models import F

from accounts import groups
from accounts.models import User
from accounts.recording import Origin, record
from core.publishing import Frame, publish_now, publish_on_commit


def end_sessions(*, user: User) -> int:
    """End every session and socket of a user at once, by raising the epoch. Returns the new epoch.

    Open pages are signed out with their next request, sockets within seconds.
    """
    with transaction.atomic():
        User.objects.filter(pk=user.pk).update(session_epoch=F("session_epoch") + 1)
        user.refresh_from_db(fields=["session_epoch"])
        publish_on_commit([Frame(groups.staff_sessions(user.pk), 0, "revoked", b"")])
    return user.session_epoch


def end_sockets_of(session_key: str) -> None:
    """Close the sockets of one sign-in, after its session is gone."""
    publish_now([Frame(groups.staff_session(session_key), 0, "revoked", b"")])


@transaction.atomic
def change_password(*, user: User, password: str, origin: Origin) -> User:
    """Set a new password; all sessions end, and the caller renews the one it came from. Records: password_changed."""
    user.set_password(password)
    user.save(update_fields=["password"])
    end_sessions(user=user)
    record("password_changed", actor=user, subject=user, origin=origin)
    return user

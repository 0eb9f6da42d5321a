"""Ending the sessions of staff, and changing what they depend on."""

from __future__ import annotations

from datetime import timedelta

from axes.models import AccessAttempt, AccessLog
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from accounts import groups
from accounts.models import User
from accounts.recording import Origin, record
from accounts.socket_tickets import forget_expired
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


def forget_ended_sign_ins() -> int:
    """Remove what ended sign-ins left behind: sessions, spent tickets, wrong passwords of yesterday, the log of last quarter.

    Returns how many rows. Repeat: harmless. What must be kept is in the audit.
    """
    ended, _ = Session.objects.filter(expire_date__lt=Now()).delete()
    tries, _ = AccessAttempt.objects.filter(attempt_time__lt=Now() - timedelta(days=1)).delete()
    logged, _ = AccessLog.objects.filter(attempt_time__lt=Now() - timedelta(days=90)).delete()
    return forget_expired() + ended + int(tries) + int(logged)


@transaction.atomic
def change_password(*, user: User, password: str, origin: Origin) -> User:
    """Set a new password; all sessions end, and the caller renews the one it came from. Records: password_changed."""
    user.set_password(password)
    user.save(update_fields=["password"])
    end_sessions(user=user)
    record("password_changed", actor=user, subject=user, origin=origin)
    return user

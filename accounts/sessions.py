"""What a staff session holds, and when it counts.

Between the password and the second factor nobody is signed in: the session only remembers whose password was right. Idle time
is the session's own expiry, moved on while the person works, so that the database alone can say which sessions live.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, login
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare
from django_otp import DEVICE_ID_SESSION_KEY
from django_otp import login as remember_device
from django_otp.models import Device

from accounts.models import User

IDLE: Final = 15 * 60
ABSOLUTE: Final = 8 * 60 * 60
BETWEEN_STEPS: Final = 10 * 60
TRIES: Final = 5  # wrong codes before the password is asked again
MOVE_ON_EVERY: Final = 60  # seconds; idle time is written at most this often

EPOCH, STARTED, SEEN, PENDING, NEXT = "desk_epoch", "desk_started", "desk_seen", "desk_pending", "desk_next"
MODEL_BACKEND: Final = "django.contrib.auth.backends.ModelBackend"


def begin(request: HttpRequest, user: User, *, at: float) -> None:
    """Remember that this user's password was right; the session gets a new id and lasts ten minutes."""
    request.session.flush()
    request.session[PENDING] = {"user": user.pk, "epoch": user.session_epoch, "at": int(at), "tries": 0}
    request.session.set_expiry(BETWEEN_STEPS)


def lead_back_to(session: SessionBase, target: str) -> None:
    """Remember for ten minutes which page was asked for. Without one nothing is stored: anybody may look at the sign-in page."""
    if target:
        session[NEXT] = target
        session.set_expiry(BETWEEN_STEPS)
    else:
        session.pop(NEXT, None)


def pending_user(session: SessionBase, *, at: float) -> User | None:
    """Whose password was right in this session, if the second step may still be taken."""
    pending = session.get(PENDING)
    if not pending or at - pending["at"] > BETWEEN_STEPS or pending["tries"] >= TRIES:
        return None
    return User.objects.filter(pk=pending["user"], is_active=True, session_epoch=pending["epoch"]).first()


def count_try(session: SessionBase) -> int:
    """Note a wrong code. Returns how many tries are left before the password is asked again."""
    pending = {**session[PENDING], "tries": session[PENDING]["tries"] + 1}
    session[PENDING] = pending
    return max(TRIES - int(pending["tries"]), 0)


def complete(request: HttpRequest, user: User, device: Device, *, at: float) -> None:
    """Sign in: both factors were right. The session gets a new id and forgets the step between."""
    request.session.pop(PENDING, None)
    request.session.cycle_key()
    login(request, user, backend=MODEL_BACKEND)
    remember_device(request, device)
    _stamp(request.session, user, at)
    request.session[STARTED] = int(at)


def renew(request: HttpRequest, user: User, *, at: float) -> None:
    """Keep this session alive through a change of the password or the epoch, under a new id."""
    request.session.cycle_key()
    request.session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    _stamp(request.session, user, at)


def is_current(session: Mapping[str, Any] | SessionBase, user: User, *, at: float) -> bool:
    """Whether a signed-in session may go on: same epoch, an active user, not idle, not older than eight hours."""
    return bool(
        user.is_active
        and session.get(EPOCH) == user.session_epoch
        and at - session.get(SEEN, 0) <= IDLE
        and at - session.get(STARTED, 0) <= ABSOLUTE
    )


def move_on(session: SessionBase, *, at: float) -> None:
    """The person is here: idle time starts again. Writes at most once a minute."""
    if at - session.get(SEEN, 0) >= MOVE_ON_EVERY:
        session[SEEN] = int(at)
        session.set_expiry(_expiry(session, at))


def session_user_of(session: SessionBase, *, at: float) -> tuple[User, bool, int] | None:
    """The user behind a socket's session, whether the second factor was passed, and the session's epoch.

    None if nobody is signed in or the session has ended. Sync. Cost: 1 query for the session, 1 for the user, 1 for the device.
    """
    user = _signed_in(session)
    if user is None or not is_current(session, user, at=at):
        return None
    device = Device.from_persistent_id(session.get(DEVICE_ID_SESSION_KEY, ""))
    verified = device is not None and device.user_id == user.pk and device.confirmed
    return user, verified, user.session_epoch


def _signed_in(session: SessionBase) -> User | None:
    user_id, stored = session.get(SESSION_KEY), session.get(HASH_SESSION_KEY, "")
    if not user_id or session.get(BACKEND_SESSION_KEY) not in settings.AUTHENTICATION_BACKENDS:
        return None
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if user is None or not constant_time_compare(stored, user.get_session_auth_hash()):
        return None
    return user


def _stamp(session: SessionBase, user: User, at: float) -> None:
    session[EPOCH], session[SEEN] = user.session_epoch, int(at)
    session.set_expiry(_expiry(session, at))


def _expiry(session: SessionBase, at: float) -> int:
    left = ABSOLUTE - (at - session.get(STARTED, at))
    return max(int(min(IDLE, left)), 1)

"""Browsers in which a person has signed in completely before.

Guesses at one account are limited all over the world, and a stranger who uses the limit up must not keep the person out:
the person's own browser carries a signed cookie and is not counted (OWASP: device cookies).
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponseBase

from accounts.models import User
from core.addresses import address_of
from core.limits import Limit, hit

COOKIE: Final = "known_browser"
LIFE: Final = timedelta(days=180)
_SALT: Final = "accounts.known-browser"

BY_ACCOUNT: Final = Limit("sign_in_account", 200, 3600)
BY_ADDRESS: Final = Limit("sign_in_address", 60, 300)


def check_sign_in_limits(request: HttpRequest, email: str) -> None:
    """Count one password of an address and of an account. Raises: TooMany."""
    hit(BY_ADDRESS, address_of(request))
    if not _knows(request, email):
        hit(BY_ACCOUNT, email)


def remember(response: HttpResponseBase, user: User) -> None:
    """Let the browser prove later that this person signed in here."""
    response.set_cookie(
        COOKIE,
        signing.dumps(user.email.lower(), salt=_SALT),
        max_age=LIFE,
        path="/accounts/",
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Strict",
    )


def _knows(request: HttpRequest, email: str) -> bool:
    try:
        return bool(signing.loads(request.COOKIES.get(COOKIE, ""), salt=_SALT, max_age=LIFE) == email)
    except signing.BadSignature:
        return False

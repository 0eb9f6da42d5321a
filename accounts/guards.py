"""The doors of staff pages: nothing behind them opens without a password and a second factor."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from time import time
from typing import Any, Concatenate, Final, ParamSpec
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect, JsonResponse
from django.urls import Resolver404, resolve, reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from accounts import sessions

P = ParamSpec("P")

#: A request with this header is made by a page on its own, not by the person: it does not count as being here.
BACKGROUND: Final = "X-Desk-Background"
STAFF_NAMESPACES: Final = frozenset({"console", "admin"})
STAFF_PATHS: Final = ("/console/", "/admin/", "/api/console/")


def is_verified(request: HttpRequest) -> bool:
    """Whether both factors were passed in this session."""
    user = request.user
    return user.is_authenticated and bool(getattr(user, "is_verified", lambda: False)())


def refusal(request: HttpRequest) -> HttpResponse | None:
    """The answer to a request that may not pass, or None for a verified person, whose idle time then starts again.

    Programs get 401 in JSON; browsers are redirected to the sign-in page and brought back later.
    """
    if is_verified(request):
        if BACKGROUND not in request.headers:
            sessions.move_on(request.session, at=time())
        return None
    target = sign_in_url(request)
    accepts = request.headers.get("Accept", "")
    if "application/json" in accepts and "text/html" not in accepts:
        body = {"code": "not_signed_in", "message": _("Sign in with your password and your second factor.")}
        return JsonResponse(body, status=401)
    return HttpResponseRedirect(target)


def sign_in_url(request: HttpRequest) -> str:
    """The sign-in page, which leads back to a page that was asked for (never to a form that was sent)."""
    login = reverse("accounts:login")
    if request.method != "GET":
        return login
    return f"{login}?{urlencode({'next': request.get_full_path()})}"


def safe_next(target: str) -> str:
    """A path of ours behind the doors, or empty: sign-in never leads anywhere else."""
    if not target.startswith("/") or not url_has_allowed_host_and_scheme(target, allowed_hosts=None):
        return ""
    try:
        match = resolve(target.partition("?")[0])
    except Resolver404:
        return ""
    return target if STAFF_NAMESPACES.intersection(match.namespaces) else ""


def second_factor_required(
    view: Callable[Concatenate[HttpRequest, P], HttpResponseBase],
) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
    """For single views outside the staff namespaces."""

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        return refusal(request) or view(request, *args, **kwargs)

    return guarded


def is_staff_only(request: HttpRequest) -> bool:
    """Whether what the request asks for lies behind the doors. Called once the URL is resolved."""
    match = request.resolver_match
    namespaces: list[Any] = list(match.namespaces) if match else []
    return bool(STAFF_NAMESPACES.intersection(namespaces)) or request.path_info.startswith(STAFF_PATHS)

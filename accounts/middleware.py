"""Ends staff sessions that are over, and keeps everybody without a second factor out of staff pages."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from time import time
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async
from django.conf import settings
from django.contrib.auth import SESSION_KEY, logout
from django.http import HttpRequest, HttpResponseBase
from django.utils.cache import patch_cache_control

from accounts import guards, sessions

Answer = HttpResponseBase | Awaitable[HttpResponseBase]


class SecondFactorMiddleware:
    """Default deny for the namespaces and paths of `accounts.guards`. Stands after the session, authentication and OTP middleware.

    Requests without a session cookie cost nothing here.
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response
        self.is_async = iscoroutinefunction(get_response)
        if self.is_async:
            markcoroutinefunction(self)
            self.process_view: Callable[..., Any] = self._check_view_async
        else:
            self.process_view = self._check_view

    def __call__(self, request: HttpRequest) -> Answer:
        """End the session if it is over, then go on."""
        if self.is_async:
            return self._call_async(request)
        if _has_session(request):
            _end_if_over(request)
        response: HttpResponseBase = self.get_response(request)
        return _kept_private(request, response)

    async def _call_async(self, request: HttpRequest) -> HttpResponseBase:
        if _has_session(request):
            await sync_to_async(_end_if_over)(request)
        return _kept_private(request, await self.get_response(request))

    def _check_view(self, request: HttpRequest, *_view: object) -> HttpResponseBase | None:
        return guards.refusal(request) if guards.is_staff_only(request) else None

    async def _check_view_async(self, request: HttpRequest, *_view: object) -> HttpResponseBase | None:
        return await sync_to_async(guards.refusal)(request) if guards.is_staff_only(request) else None


def _has_session(request: HttpRequest) -> bool:
    return settings.SESSION_COOKIE_NAME in request.COOKIES


def _end_if_over(request: HttpRequest) -> None:
    """Sign out a session whose epoch has passed, that lay idle for 15 minutes or is older than eight hours."""
    if SESSION_KEY not in request.session:
        return
    user = request.user
    if not user.is_authenticated or not sessions.is_current(request.session, user, at=time()):
        logout(request)


def _kept_private(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """What staff read stays in no cache."""
    if guards.is_staff_only(request) and not response.has_header("Cache-Control"):
        patch_cache_control(response, private=True, no_store=True)
    return response

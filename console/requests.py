"""Who may open a page of the console, and how it answers a refusal.

The middleware of accounts already keeps everybody out who has not passed the second factor. The decorator asks again, so
that a view is safe wherever it is mounted, and asks the policy, so that a user without the console finds nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone, translation
from django.utils.cache import add_never_cache_headers

from accounts import guards
from accounts.models import Agent, User
from accounts.policy import check_can
from accounts.selectors import agent_of
from core.errors import DomainError, TooMany
from core.locales import best_language

P = ParamSpec("P")


class AgentRequest(HttpRequest):
    """A request of a member of staff who passed the second factor. `agent` is empty for people who do not answer."""

    user: User
    agent: Agent | None


AgentView = Callable[Concatenate[AgentRequest, P], HttpResponse]
View = Callable[Concatenate[HttpRequest, P], HttpResponse]


def agent_required(view: AgentView[P]) -> View[P]:
    """Let a view be seen only by staff with a verified second factor and the console in their grants.

    The page is rendered in the agent's language and time zone, is kept by no cache, and a refusal becomes a translated
    page, or JSON for scripts.
    """

    @wraps(view)
    def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        user = request.user
        if not guards.is_verified(request) or not isinstance(user, User) or not user.is_active:
            return guards.refusal(request) or HttpResponse(status=403)
        with translation.override(best_language(user.language)), timezone.override(_zone_of(user)):
            response = _answer(view, request, *args, **kwargs)
        add_never_cache_headers(response)
        response["Content-Language"] = best_language(user.language)
        return response

    return cast(View[P], guarded)


def wants_json(request: HttpRequest) -> bool:
    """Whether a script asks."""
    return request.headers.get("Accept", "").startswith("application/json")


def refusal(request: HttpRequest, error: DomainError) -> HttpResponse:
    """A refusal as JSON for scripts, or as a page that says what to do now."""
    if wants_json(request):
        body = {"code": error.code, "message": error.message, **error.facts}
        response: HttpResponse = JsonResponse(body, status=error.status)
    else:
        response = render(request, "console/refused.html", {"message": error.message}, status=error.status)
    if isinstance(error, TooMany):
        response["Retry-After"] = str(error.retry_after)
    return response


def _answer(view: AgentView[P], request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
    asked: AgentRequest = request  # type: ignore[assignment]
    try:
        check_can(asked.user, "console.open")
        asked.agent = agent_of(asked.user)
        return view(asked, *args, **kwargs)
    except DomainError as error:
        return refusal(request, error)


def _zone_of(user: User) -> ZoneInfo:
    try:
        return ZoneInfo(user.time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")

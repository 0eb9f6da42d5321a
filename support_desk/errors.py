"""The pages for what went wrong: what happened, what it means, what to do now."""

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.utils.translation import gettext as _


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001 - Django passes it
    """400: the request cannot be read."""
    return _answer(request, 400, "bad_request", _("This request could not be read"), _("Go back and try again."))


def not_allowed(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001 - Django passes it
    """403: signed in, but not for this."""
    return _answer(
        request,
        403,
        "not_allowed",
        _("Your role does not include this page"),
        _("An administrator can change your role."),
    )


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001 - Django passes it
    """404: nothing here, or nothing for this person; the two look the same."""
    return _answer(
        request, 404, "not_found", _("There is no such page"), _("Check the address, or go back to where you were.")
    )


def server_error(request: HttpRequest) -> HttpResponse:
    """500: our fault. Says so, and what happened to what was typed."""
    return _answer(
        request,
        500,
        "internal",
        _("Something failed on our side"),
        _("Nothing that was confirmed to you is lost. Try again in a moment."),
    )


def csrf_refused(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001 - Django passes it; nobody is told more than that
    """403 for a form without its proof of origin; nothing was done."""
    return _answer(
        request,
        403,
        "csrf",
        _("This form is too old"),
        _("Nothing was changed. Open the page again and repeat what you did."),
    )


def _answer(request: HttpRequest, status: int, code: str, title: str, advice: str) -> HttpResponse:
    if "application/json" in request.headers.get("Accept", "") or request.path.startswith("/api/"):
        return JsonResponse({"error": {"code": code, "message": f"{title}. {advice}"}}, status=status)
    context: dict[str, Any] = {"title": title, "advice": advice, "status": status}
    return HttpResponse(render_to_string("error.html", context, request=None), status=status)

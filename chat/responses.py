"""The JSON edge of the widget: who may call, what a body may be, and how a refusal looks.

No cookie is read here. The caller proves who they are with a bearer token that no other page can make a browser send, so
Django's CSRF token would protect nothing and these views are exempt from it. In its place stand the exact Origin and
Sec-Fetch-Site: only pages of our own origin are answered. There are no CORS headers: the iframe is ours, nobody else needs any.
"""

from __future__ import annotations

from typing import Any, ClassVar, Final, TypeVar

import msgspec
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.request import UnreadablePostError
from django.http.response import HttpResponseBase
from django.utils import translation
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import csrf_exempt
from django.views.generic import View

from accounts.models import CustomerSession
from accounts.selectors import session_of
from core.db import transient_errors
from core.errors import DomainError, NotAllowed, TooMany, TransientError
from core.frames import MAX_FRAME
from core.origins import origin_of, same_origin

Body = TypeVar("Body", bound=msgspec.Struct)

SAFE_METHODS: Final = frozenset({"GET", "HEAD"})


class NotAuthenticated(NotAllowed):
    """The one answer to a bearer token that opens nothing, whatever is wrong with it."""

    status = 401

    def __init__(self) -> None:
        super().__init__("not_authenticated", _("Your session has ended. Reload the page."))


@method_decorator(csrf_exempt, name="dispatch")
class JsonEdge(View):
    """Answers JSON, also when it refuses. Subclasses write `get` and `post`, and raise."""

    #: Read-only views that a link may open directly, without a page of ours.
    opens_directly: ClassVar[bool] = False

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Check where the request comes from, let the view work, turn its refusals into answers."""
        try:
            check_comes_from_us(request, directly=self.opens_directly)
            with transient_errors():
                answer = self.enter(request, *args, **kwargs)
        except DomainError as error:
            answer = error_answer(error)
        except TransientError:
            answer = error_answer(
                TooMany("unavailable", _("The desk cannot save anything at the moment."), retry_after=1), status=503
            )
        answer.headers.setdefault("Cache-Control", "no-store, private")
        answer.headers["Cross-Origin-Resource-Policy"] = "same-origin"
        answer.headers["Vary"] = "Origin, Authorization"
        return answer

    def enter(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """What happens between the door and the view."""
        return super().dispatch(request, *args, **kwargs)

    def http_method_not_allowed(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:  # noqa: ARG002
        """The refusal of another method, in JSON."""
        answer = error_answer(
            DomainError("method_not_allowed", _("This address does not take this method.")), status=405
        )
        answer.headers["Allow"] = ", ".join(name.upper() for name in self.http_method_names if hasattr(self, name))
        return answer


class CustomerEdge(JsonEdge):
    """A JSON edge for the holder of a session; answers in the session's language."""

    session: CustomerSession

    def enter(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Find the session of the bearer token first. Raises: NotAuthenticated."""
        session = session_of(bearer_of(request))
        if session is None:
            raise NotAuthenticated
        self.session = session
        with translation.override(session.language or translation.get_language()):
            try:
                return super().enter(request, *args, **kwargs)
            except DomainError as error:
                return error_answer(error)


def check_comes_from_us(request: HttpRequest, *, directly: bool = False) -> None:
    """Raises: NotAllowed ``origin_not_allowed`` unless a page of our own origin made the request.

    Browsers leave Origin out of same-origin reads, so only unsafe methods must carry it; what is carried must fit.
    """
    origin = request.META.get("HTTP_ORIGIN")
    site = request.META.get("HTTP_SEC_FETCH_SITE", "same-origin")
    is_ours = same_origin((origin or "").encode(errors="replace"), (origin_of(settings.PUBLIC_URL),))
    may_be_silent = request.method in SAFE_METHODS and origin is None
    if not (is_ours or may_be_silent) or not (site == "same-origin" or (directly and site == "none")):
        raise NotAllowed("origin_not_allowed", _("This page may not open the chat."))


def bearer_of(request: HttpRequest) -> str:
    """The token of the Authorization header; empty if there is none of that kind."""
    scheme, _space, token = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def body_of(request: HttpRequest, kind: type[Body]) -> Body:
    """The JSON body, decoded strictly. Raises: DomainError ``bad_request`` for anything else, without repeating any of it."""
    if request.content_type != "application/json":
        raise bad_request()
    try:
        text = request.read(MAX_FRAME + 1)
        if len(text) <= MAX_FRAME:
            return msgspec.json.decode(text, type=kind)
    except (msgspec.DecodeError, UnicodeError, RecursionError, UnreadablePostError):
        pass
    raise bad_request()


def number_of(request: HttpRequest, name: str, default: int, most: int = 2**31 - 1) -> int:
    """A whole number of the query. Raises: DomainError ``bad_request``."""
    text = request.GET.get(name, str(default))
    if not (text.isascii() and text.isdigit() and len(text) <= 10 and int(text) <= most):
        raise bad_request()
    return int(text)


def bad_request() -> DomainError:
    """The one answer to what is not a request of this interface."""
    return DomainError("bad_request", _("The request could not be understood."))


def json_answer(data: Any, status: int = 200) -> HttpResponse:
    """Data as JSON; ids and structs included."""
    return HttpResponse(msgspec.json.encode(data), content_type="application/json", status=status)


def error_answer(error: DomainError, *, status: int | None = None) -> HttpResponse:
    """A refusal as programs and people need it: a code that never changes, a sentence, and the facts."""
    answer = json_answer(
        {"error": {**error.facts, "code": error.code, "message": error.message}}, status or error.status
    )
    if isinstance(error, TooMany):
        answer.headers["Retry-After"] = str(error.retry_after)
    return answer

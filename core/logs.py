"""One log for pages, sockets and tasks: JSON lines in production, readable lines elsewhere, an id on every line.

Nothing that a person wrote is ever logged: callers log codes, ids and kinds. What comes from outside all the same (a
path, a header, an exception's text) cannot start a line of its own or move a terminal's cursor.
"""

from __future__ import annotations

import asyncio
import logging
import re
import time
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from structlog.typing import EventDict, Processor, WrappedLogger

log = structlog.get_logger("desk.requests")

#: C0 and C1 control characters, DEL, and the separators that some viewers take for line ends.
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
#: Paths that are asked every few seconds by machines.
_QUIET = ("/healthz/", "/metrics")


def escape_controls(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Write control characters as `\\xNN`, so that no text from outside can forge a line or send an ANSI sequence."""
    for key, value in event.items():
        if isinstance(value, str):
            event[key] = _CONTROLS.sub(_escaped, value) if key != "exception" else _safe_traceback(value)
    return event


def _safe_traceback(text: str) -> str:
    """Many lines, none of which begins as a log line does."""
    return "\n  | ".join(_CONTROLS.sub(_escaped, line) for line in text.split("\n"))


def _escaped(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode()


_SHARED: tuple[Processor, ...] = (
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
    escape_controls,
)


class NamesRoutes(logging.Filter):
    """Puts the route where Django's lines about failed requests have the path."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Always true: nothing is left out."""
        request = getattr(record, "request", None)
        if isinstance(request, HttpRequest) and isinstance(record.args, tuple):
            record.args = tuple(_route_of(request) if value == request.path else value for value in record.args)
        return True


def _route_of(request: HttpRequest) -> str:
    return request.resolver_match.route if request.resolver_match else "-"


def logging_for(mode: str) -> dict[str, Any]:
    """Configure structlog and return Django's LOGGING for a mode: JSON for production, readable for demo and test.

    Tracebacks are plain: a renderer that shows local variables would show what people wrote.
    """
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_SHARED,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=mode != "test",
    )
    formatter = {
        "()": structlog.stdlib.ProcessorFormatter,
        "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, _renderer(mode)],
        "foreign_pre_chain": list(_SHARED),
    }
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"desk": formatter},
        "filters": {"routes": {"()": NamesRoutes}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "desk"}},
        "root": {"handlers": ["stderr"], "level": "WARNING" if mode == "test" else "INFO"},
        "loggers": {
            # Emptied, so that Django's own handlers do not say everything twice.
            "django": {"handlers": [], "propagate": True},
            "django.server": {"handlers": [], "propagate": True},
            # One line per request is ours; these would repeat it.
            "django.request": {"level": "ERROR", "filters": ["routes"]},
            # Anybody may send a foreign host, each with a traceback of a hundred lines.
            "django.security.DisallowedHost": {"level": "CRITICAL"},
            "django_structlog": {"level": "WARNING"},
            "daphne": {"level": "WARNING"},
        },
    }


def _renderer(mode: str) -> Processor:
    if mode == "production":
        return structlog.processors.JSONRenderer()
    return structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)


class RequestLogMiddleware:
    """Gives every request an id, on each log line and in the answer, and logs one line when it is done.

    The line names the route, never the path: paths carry links that open files, query strings carry what people seek.
    Runs on whichever side the next one does, so it costs no thread hop.
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response
        self._is_async = iscoroutinefunction(get_response)
        if self._is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        """Handle the request, or return a coroutine that does."""
        if self._is_async:
            return self._answer(request)
        started = _begin()
        response: HttpResponseBase = self.get_response(request)
        return _end(request, response, started)

    async def _answer(self, request: HttpRequest) -> HttpResponseBase:
        started = _begin()
        try:
            response: HttpResponseBase = await self.get_response(request)
        except asyncio.CancelledError:
            log.info("request_cancelled", method=request.method)
            raise
        return _end(request, response, started)


def _begin() -> float:
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=uuid.uuid4().hex)
    return time.perf_counter()


def _end(request: HttpRequest, response: HttpResponseBase, started: float) -> HttpResponseBase:
    response["X-Request-ID"] = structlog.contextvars.get_contextvars().get("request_id", "")
    if not request.path.startswith(_QUIET):
        milliseconds = round((time.perf_counter() - started) * 1000, 1)
        log.info(
            "request", method=request.method, route=_route_of(request), status=response.status_code, ms=milliseconds
        )
    return response

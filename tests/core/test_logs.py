import asyncio
import io
import json
import logging
import logging.config
from contextlib import contextmanager

import pytest
import structlog
from django.conf import settings
from django.http import HttpResponse
from django.test import RequestFactory
from django.urls import ResolverMatch
from django.utils.log import log_response

from core.logs import RequestLogMiddleware, logging_for

FORGED = "ok\r\n2026-01-01 [error] forged \x1b[2Jline\x85\u2028\x00"


@contextmanager
def logging_to(mode):
    """Configure logging as a process of that mode does, but into a text."""
    written = io.StringIO()
    config = logging_for(mode)
    config["handlers"]["stderr"]["stream"] = written
    config["root"]["level"] = "INFO"
    structlog.configure(cache_logger_on_first_use=False)
    try:
        logging.config.dictConfig(config)
        yield written
    finally:
        logging.config.dictConfig(logging_for(settings.DESK_MODE))


def test_production_writes_one_json_object_a_line():
    with logging_to("production") as written:
        structlog.get_logger("desk").info("stored", tickets=3)
        logging.getLogger("elsewhere").warning("a %s", "warning")
    first, second = (json.loads(line) for line in written.getvalue().splitlines())
    assert (first["event"], first["tickets"], first["level"], first["logger"]) == ("stored", 3, "info", "desk")
    assert (second["event"], second["level"]) == ("a warning", "warning")
    assert second["timestamp"].endswith("Z")


@pytest.mark.parametrize("mode", ["production", "demo"])
def test_nothing_from_outside_forges_a_line_or_moves_the_cursor(mode):
    with logging_to(mode) as written:
        structlog.get_logger("desk").info("odd", name=FORGED)
        structlog.get_logger("desk").info(FORGED)
        logging.getLogger("elsewhere").error(FORGED)
        try:
            raise ValueError(FORGED)
        except ValueError:
            logging.getLogger("elsewhere").error("failed: %s", FORGED)
    assert len(written.getvalue().split("\n")) == 5
    assert not set("\r\x1b\x85\u2028\x00") & set(written.getvalue())


@pytest.mark.parametrize("mode", ["production", "demo"])
def test_tracebacks_show_no_local_variables_and_no_escapes(mode):
    def fail(body):
        raise RuntimeError("broken \x1b[31m\n2026-01-01 [error] forged")

    words = "what a " + "customer wrote"
    with logging_to(mode) as written:
        try:
            fail(words)
        except RuntimeError:
            structlog.get_logger("desk").exception("failed")
            logging.getLogger("elsewhere").exception("failed")
    assert written.getvalue().count("RuntimeError: broken") == 2
    assert "customer wrote" not in written.getvalue()
    assert "\x1b" not in written.getvalue()
    assert not any(line.startswith("2026-01-01") for line in written.getvalue().splitlines())


def test_every_request_gets_an_id_and_one_line_without_its_path():
    request = RequestFactory().get("/files/secret-link?q=words")
    with logging_to("production") as written:
        response = RequestLogMiddleware(lambda request: HttpResponse("ok", status=201))(request)
    (line,) = (json.loads(line) for line in written.getvalue().splitlines())
    assert (line["event"], line["status"], line["method"], line["route"]) == ("request", 201, "GET", "-")
    assert line["request_id"] == response["X-Request-ID"]
    assert len(line["request_id"]) == 32
    assert "secret-link" not in written.getvalue()
    assert "words" not in written.getvalue()


async def test_the_async_side_does_the_same_and_ids_do_not_mix():
    async def view(request):
        await asyncio.sleep(0.01)
        structlog.get_logger("desk").info("inside", path=request.path)
        return HttpResponse("ok")

    middleware = RequestLogMiddleware(view)
    with logging_to("production") as written:
        responses = await asyncio.gather(*(middleware(RequestFactory().get(f"/{number}")) for number in range(5)))
    ids = {response["X-Request-ID"] for response in responses}
    lines = [json.loads(line) for line in written.getvalue().splitlines()]
    assert len(ids) == 5
    inside = {line["path"]: line["request_id"] for line in lines if line["event"] == "inside"}
    assert inside == {f"/{number}": response["X-Request-ID"] for number, response in enumerate(responses)}


def test_machines_that_ask_all_the_time_are_not_logged():
    with logging_to("production") as written:
        RequestLogMiddleware(lambda request: HttpResponse())(RequestFactory().get("/healthz/live"))
    assert written.getvalue() == ""


def test_a_page_that_fails_is_named_by_its_route_too():
    """Django's own line about a 5xx would carry the path, and with it a link that opens a file."""
    request = RequestFactory().get("/files/secret-link")
    request.resolver_match = ResolverMatch(lambda: None, (), {}, route="files/<str:token>")
    with logging_to("production") as written:
        log_response("%s: %s", "Service Unavailable", request.path, response=HttpResponse(status=503), request=request)
    (line,) = (json.loads(line) for line in written.getvalue().splitlines())
    assert (line["event"], line["level"]) == ("Service Unavailable: files/<str:token>", "error")


def test_hosts_that_are_not_ours_are_one_line_each_without_a_traceback():
    """Anybody can send them, as many as they like: the line of the request says enough."""
    with logging_to("production") as written:
        logging.getLogger("django.security.DisallowedHost").error("Invalid HTTP_HOST header: 'evil'")
    assert written.getvalue() == ""

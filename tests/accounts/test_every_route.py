"""Nothing of console, admin, API or sockets is reachable without a second factor: the tables of addresses are walked."""

import json
import re
from collections.abc import Iterator
from uuid import uuid4

import pytest
from asgiref.sync import async_to_sync
from channels.testing import WebsocketCommunicator
from django.conf import settings
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from accounts.models import TotpDevice
from accounts.socket_tickets import issue
from support_desk.asgi import application
from support_desk.sockets import WS_URLS
from tests.accounts.staff import make_person

# What anybody may ask for; everything else needs both factors. Routes as the resolver writes them.
PUBLIC = {
    "",
    "healthz/live",
    "healthz/ready",
    "metrics",  # guarded by its own token
    "i18n/setlang/",
    "accounts/login/",
    "accounts/verify/",
    "accounts/enrol/",
    "accounts/logout/",
    "widget.js",
    "widget/<slug:site_key>/",
    "chat/<slug:site_key>/",
    "demo/",
    "demo/identity",
    "files/<str:token>",
}
PUBLIC_PREFIXES = ("api/widget/", "api/chat/")  # customers; they prove themselves by their bearer token
VALUES = {
    "site_key": "larkfield",
    "token": "x",
    "content_type_id": "1",
    "object_id": "1",
    "app_label": "accounts",
    "url": "x",
}
PUBLIC_SOCKETS = {"/ws/chat/"}  # customers say who they are in their first frame


def routes(patterns, before: str = "") -> Iterator[str]:
    for pattern in patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, route)
        else:
            assert isinstance(pattern, URLPattern)
            yield route


ROUTES = sorted(routes(get_resolver().url_patterns))
PRIVATE = [route for route in ROUTES if route not in PUBLIC and not route.startswith(PUBLIC_PREFIXES)]


def address(route: str) -> str:
    """A path that the route matches."""
    plain = re.sub(r"\(\?P<(\w+)>[^)]*\)", r"<str:\1>", route.replace("^", "").replace("$", ""))
    filled = re.sub(r"<(?:(\w+):)?(\w+)>", lambda m: str(uuid4()) if m[1] == "uuid" else VALUES.get(m[2], "1"), plain)
    return f"/{filled}"


def test_the_list_of_public_routes_is_true():
    assert set(ROUTES) >= PUBLIC
    assert len(PRIVATE) > 40
    assert not [route for route in PUBLIC if route.startswith(("console", "admin"))]


@pytest.mark.parametrize("who", ["anonymous", "password only", "enrolled, not verified", "device removed"])
def test_every_other_route_refuses_who_has_not_passed_both_factors(client, person, who):
    someone = person("root", role="admin", is_staff=True, is_superuser=True)
    if who == "password only":
        someone.enter_password(client)
    if who == "enrolled, not verified":
        client.force_login(someone.user, backend="django.contrib.auth.backends.ModelBackend")
    if who == "device removed":
        someone.sign_in(client)
        TotpDevice.objects.all().delete()
    open_doors = [
        f"{method} {route}: {answer.status_code}"
        for route in PRIVATE
        for method in ("get", "post", "put", "delete", "options")
        if not refuses(answer := getattr(client, method)(address(route)))
    ]
    assert open_doors == []


def test_programs_are_refused_too(client, db):
    asked = [
        client.get(address(route), headers={"Accept": "application/json"})
        for route in PRIVATE
        if guarded_by_name(route)
    ]
    assert {answer.status_code for answer in asked} == {401}


def test_the_walk_would_notice_an_open_door(client, person):
    someone = person("root", role="admin", is_staff=True, is_superuser=True)
    someone.sign_in(client)
    entered = {route for route in PRIVATE if not refuses(client.get(address(route)))}
    assert {"console/", "admin/", "admin/accounts/user/", "accounts/password/"} <= entered


def test_the_admin_needs_a_role_that_opens_it(client, person):
    for name, role, is_staff, status in (
        ("admin", "admin", True, 200),
        ("editor", "editor", True, 200),
        ("lead", "lead", True, 302),
        ("none", None, True, 302),
        ("not-staff", "admin", False, 302),
    ):
        browser = Client()
        person(name, role=role, is_staff=is_staff).sign_in(browser)
        answer = browser.get("/admin/")
        assert answer.status_code == status, name
        if status == 302:
            assert browser.get(answer.url).url == "/console/"


def guarded_by_name(route: str) -> bool:
    return route.startswith(("console/", "admin/"))


def refuses(answer) -> bool:
    """A redirect to sign-in, or 401; never content, never a sign of what is behind."""
    if answer.status_code == 302:
        return answer.url.startswith("/accounts/login/")
    return answer.status_code in {401, 405} and b"csrf" not in answer.content.lower()


def socket_paths() -> list[str]:
    return sorted("/" + str(pattern.pattern).strip("^$") for pattern in WS_URLS)


def test_the_table_of_sockets_is_known():
    assert set(socket_paths()) == PUBLIC_SOCKETS | {"/ws/console/"}


@pytest.mark.parametrize(
    "who", ["anonymous", "password only", "device removed", "no ticket", "ticket of another session"]
)
def test_staff_sockets_let_nobody_in_without_both_factors_and_a_ticket(committed_db, who):
    client, ticket = Client(), "forged"
    someone = make_person("tala", role="agent", enrolled=True)
    if who == "password only":
        someone.enter_password(client)
    elif who != "anonymous":
        someone.sign_in(client)
        ticket = issue(someone.user, client.session.session_key)
    if who == "device removed":
        TotpDevice.objects.all().delete()
    elif who == "no ticket":
        ticket = "none"
    elif who == "ticket of another session":
        ticket = issue(someone.user, "x" * 32)
    for path in set(socket_paths()) - PUBLIC_SOCKETS:
        assert async_to_sync(knock)(path, client, ticket) in {4401, 4403}


def test_a_verified_person_with_a_ticket_is_let_in_once(committed_db):
    client, someone = Client(), make_person("tala", role="agent", enrolled=True)
    someone.sign_in(client)
    ticket = issue(someone.user, client.session.session_key)
    assert async_to_sync(knock)("/ws/console/", client, ticket) == "welcome"
    assert async_to_sync(knock)("/ws/console/", client, ticket) in {4401, 4403}


async def knock(path: str, client: Client, ticket: str) -> object:
    """What a socket answers to a first frame: the type of its frame, or the code with which it closes."""
    cookie = "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items())
    headers = [(b"origin", settings.PUBLIC_URL.encode()), (b"cookie", cookie.encode())]
    socket = WebsocketCommunicator(application, path, headers=headers)
    connected, code = await socket.connect(timeout=5)
    if not connected:
        return code
    await socket.send_to(text_data=json.dumps({"type": "hello", "v": 1, "ticket": ticket}))
    answer = await socket.receive_output(timeout=8)
    await socket.disconnect()
    if answer["type"] == "websocket.close":
        return answer["code"]
    return json.loads(answer.get("text") or answer["bytes"])["type"]

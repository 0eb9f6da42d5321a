"""The widget on somebody else's page: under their policy, beside their scripts, and where it was not invited."""

import json
import secrets
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import BrowserContext, expect

from accounts.actions.sites import create_site
from accounts.models import Customer
from accounts.recording import COMMAND_LINE
from tests.chat.browsing import Desk, browsing, host_page, visit

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PAGE = (
    '<!doctype html><html lang="en"><title>Exchange</title><h1>Exchange</h1>'
    '<script async src="{desk}/widget.js" data-site="larkfield"></script>'
)
EARLY = (
    "<script>window.SupportDesk = (...call) => (SupportDesk.q ??= []).push(call);"
    " SupportDesk('locale', 'ar'); SupportDesk('open');</script>"
)
POST = (
    "(shape) => document.querySelector('support-desk').shadowRoot.querySelector('iframe')"
    ".contentWindow.postMessage(shape, '*')"
)
LISTEN = """new Promise((done) => {
  const seen = [];
  for (const name of ['open', 'close']) SupportDesk('on', name, () => seen.push(name));
  SupportDesk('close');
  SupportDesk('open');
  SupportDesk('nonsense');
  done(seen);
})"""
KEEP_MESSAGES = "window.heard = []; addEventListener('message', (event) => window.heard.push(event.data));"


@pytest.fixture(scope="module")
def person() -> Iterator[Callable[..., BrowserContext]]:
    with browsing() as people:
        yield people


@pytest.fixture
def running(desk):
    return desk(web=1)


@pytest.fixture
def staff(running, cast) -> Iterator[Desk]:
    side = Desk()
    side.does(cast.make_agent, "owner@desk.example", present=False)
    yield side
    side.close()


@pytest.fixture
def allow(staff) -> Callable[..., None]:
    """Says which origins may embed the demo's site."""

    def save(*origins: str) -> None:
        staff.does(
            create_site,
            key="larkfield",
            name="Larkfield",
            origins=list(origins),
            identity_secret=secrets.token_urlsafe(40),
            origin=COMMAND_LINE,
        )

    return save


def test_it_works_under_a_strict_policy_of_the_host(person, running, staff, allow):
    desk = running.base_url
    policy = f"default-src 'none'; script-src {desk}; frame-src {desk}; require-trusted-types-for 'script'"
    with host_page(PAGE.format(desk=desk), policy) as origin:
        allow(origin)
        context = person()
        widget = visit(context, origin).open()
        assert widget.launcher.evaluate("(button) => getComputedStyle(button).position") == "relative"
        widget.writes("Hello from a strict page")
        widget.shows("Delivered")
        expect(widget.launcher).to_have_accessible_name("Close help")
        assert widget.page.evaluate("document.body.scrollHeight") < 900
        assert widget.problems == []
        context.close()


def test_a_page_that_was_not_invited_gets_nothing(person, running, staff, allow):
    with host_page(PAGE.format(desk=running.base_url)) as origin:
        allow("https://exchange.example")
        context = person()
        widget = visit(context, origin)
        widget.launcher.click()
        widget.page.wait_for_timeout(1_000)
        assert not [
            frame for frame in widget.page.frames if "/widget/" in frame.url and frame.query_selector("textarea")
        ]
        assert any("frame-ancestors" in problem for problem in widget.problems)
        assert staff.does(Customer.objects.count) == 0
        context.close()


def test_the_frame_obeys_nobody_but_the_page_around_it(person, running, staff, allow):
    with host_page(PAGE.format(desk=running.base_url)) as origin:
        allow(origin)
        context = person()
        context.add_init_script(KEEP_MESSAGES)
        widget = visit(context, origin).open()
        widget.writes("Private words")
        widget.shows("Delivered")
        shapes = [
            None, 7, "logout", [], {}, {"type": "logout"}, {"desk": 2, "type": "logout"}, {"desk": 1}, {"desk": 1, "type": "end"},
            {"desk": 1, "type": "__proto__"}, {"desk": 1, "type": "constructor"}, {"desk": 1, "type": ["logout"]},
            {"desk": 1, "type": "identify", "token": {"a": 1}}, {"desk": 1, "type": "identify", "token": "x" * 9000},
            {"desk": 1, "type": "locale", "code": "../../evil"}, {"desk": 1, "type": "locale", "code": "javascript:alert(1)"},
            json.loads('{"desk": 1, "type": "init", "open": "yes", "__proto__": {"identity": "a.b.c"}}'),
        ]  # fmt: skip
        for shape in shapes:  # from the right page, but not what was agreed
            widget.page.evaluate(POST, shape)
        # what was agreed, but from inside and not from the page around
        widget.frame.evaluate("window.postMessage({desk: 1, type: 'logout'}, '*')")
        widget.page.wait_for_timeout(800)
        assert widget.bodies() == ["Private words"]
        assert widget.frame.evaluate("({}).identity") is None
        heard = widget.page.evaluate("window.heard")
        assert {message["type"] for message in heard} <= {"ready", "unread", "active", "close"}
        assert "Private" not in json.dumps(heard)
        context.close()


def test_the_button_obeys_nobody_but_its_frame(person, running, staff, allow):
    with host_page(PAGE.format(desk=running.base_url)) as origin:
        allow(origin)
        context = person()
        widget = visit(context, origin).open()
        widget.page.evaluate("window.postMessage({desk: 1, type: 'close'}, '*')")
        widget.page.evaluate("window.postMessage({desk: 1, type: 'unread', count: 99}, '*')")
        widget.page.wait_for_timeout(500)
        expect(widget.launcher).to_have_accessible_name("Close help")
        context.close()


def test_what_a_page_says_before_the_script_came_is_not_lost(person, running, staff, allow):
    with host_page(PAGE.format(desk=running.base_url).replace("<h1>", EARLY + "<h1>")) as origin:
        allow(origin)
        context = person()
        widget = visit(context, origin)
        widget.wait_until_live()
        expect(widget.frame.locator("html")).to_have_attribute("lang", "ar")
        events = widget.page.evaluate(LISTEN)
        assert events == ["close", "open"]
        context.close()

"""A real browser on the widget: what a person does with it, and the few things done from the desk's side meanwhile."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, TypeVar
from uuid import uuid4

from django.db import connections
from playwright.sync_api import BrowserContext, Frame, Locator, Page, sync_playwright

from accounts.models import User
from tickets.actions.agents import assign_ticket, post_agent_message, set_status
from tickets.actions.reading import mark_read_by_agent
from tickets.models import Message, Ticket

T = TypeVar("T")

CHROMIUM = "/usr/bin/chromium"
QUIET = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
#: What the browser itself reports of a request or socket that failed on purpose.
EXPECTED = ("Failed to load resource", "WebSocket connection to", "net::ERR")
NO_SOCKETS = """
window.WebSocket = class extends EventTarget {
  static OPEN = 1;
  readyState = 0;
  constructor() { super(); setTimeout(() => this.onclose?.({code: 1006}), 5); }
  send() {}
  close() {}
};
"""


class Desk:
    """The desk's side, from a thread of its own: the browser's driver keeps an event loop in this one."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="desk")

    def does(self, work: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        """Run work on the database and hand back what it returns."""
        return self._thread.submit(work, *args, **kwargs).result(timeout=30)

    def close(self) -> None:
        """Give the thread's connection back."""
        self._thread.submit(connections.close_all).result(timeout=30)
        self._thread.shutdown()

    def takes(self, email: str = "owner@desk.example") -> None:
        """An agent takes the newest ticket."""
        self.does(lambda: assign_ticket(user=_user(email), ticket=_newest().public_id, assignee_id=None))

    def says(self, body: str, email: str = "owner@desk.example") -> None:
        """The agent writes."""

        def write() -> None:
            ticket = _newest()
            post_agent_message(
                user=_user(email),
                ticket=ticket.public_id,
                client_id=uuid4(),
                body=body,
                kind="agent",
                seen_seq=ticket.last_seq,
            )

        self.does(write)

    def reads(self, email: str = "owner@desk.example") -> None:
        """The agent has seen everything."""
        self.does(
            lambda: mark_read_by_agent(
                user=_user(email), ticket=_newest().public_id, public_seq=_newest().last_public_seq
            )
        )

    def closes(self, email: str) -> None:
        """A lead closes the newest ticket for good."""
        self.does(lambda: set_status(user=_user(email), ticket=_newest().public_id, status="closed"))

    def thread(self) -> list[tuple[str, int | None]]:
        """Kind and public number of every entry of all tickets, in order."""
        return self.does(lambda: list(Message.objects.order_by("ticket", "seq").values_list("kind", "public_seq")))


class Widget:
    """One tab with the demo page, its launcher and the chat behind it."""

    def __init__(self, page: Page, problems: list[str]) -> None:
        self.page = page
        self.problems = problems

    @property
    def launcher(self) -> Locator:
        """The button on the host page."""
        return self.page.locator("support-desk").locator("button")

    @property
    def frame(self) -> Frame:
        """The chat's own document."""
        return next(frame for frame in self.page.frames if "/widget/" in frame.url)

    @property
    def field(self) -> Locator:
        """Where one writes."""
        return self.frame.locator("textarea")

    def open(self) -> "Widget":
        """Use the button and wait until the chat is live."""
        self.launcher.click()
        self.wait_until_live()
        return self

    def wait_until_live(self) -> None:
        """Return when the server has told who this is."""
        self.page.locator("support-desk iframe").wait_for()
        self.page.frame_locator("support-desk iframe").locator("[data-badge]:not([hidden])").wait_for()

    def writes(self, text: str) -> None:
        """Type and press Enter."""
        self.field.fill(text)
        self.field.press("Enter")

    def shows(self, text: str, *, within: str = "body") -> Locator:
        """Wait until the chat shows a text."""
        found = self.page.frame_locator("support-desk iframe").locator(within).get_by_text(text, exact=False).last
        found.wait_for()
        return found

    def bodies(self) -> list[str]:
        """The texts of all bubbles, in order."""
        return [text.strip() for text in self.frame.locator(".entry-body:visible").all_inner_texts()]

    def states(self) -> list[str | None]:
        """Where each of the customer's own messages stands."""
        return [bubble.get_attribute("data-state") for bubble in self.frame.locator(".entry-own").all()]


@contextmanager
def host_page(html: str, policy: str = "") -> Iterator[str]:
    """Somebody else's web server with one page, perhaps under a strict policy. Gives its origin."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            if policy:
                self.send_header("Content-Security-Policy", policy)
            self.end_headers()
            self.wfile.write(html.encode())

        def log_message(self, *_said: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@contextmanager
def browsing() -> Iterator[Callable[..., BrowserContext]]:
    """A browser; each call makes a person with storage of their own."""
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))

        def person(**options: Any) -> BrowserContext:
            context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, "locale": "en", **options})
            context.set_default_timeout(15_000)
            return context

        yield person
        browser.close()


def visit(person: BrowserContext, url: str) -> Widget:
    """Open a page that embeds the chat in a new tab; what its scripts complain of is kept."""
    page = person.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on(
        "console",
        lambda said: said.type == "error" and not said.text.startswith(EXPECTED) and problems.append(said.text),
    )
    page.goto(url)
    page.locator("support-desk").wait_for(state="attached")
    return Widget(page, problems)


def _user(email: str) -> User:
    return User.objects.get(email=email)


def _newest() -> Ticket:
    return Ticket.objects.latest("pk")

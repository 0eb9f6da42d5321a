"""The widget in a real browser, against real processes: what a customer sees when things go well, and when they do not."""

import gzip
import re
import secrets
from collections.abc import Callable, Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, expect

from accounts.actions.sessions import close_session, revoke_sessions
from accounts.actions.sites import create_site
from accounts.choices import Role
from accounts.models import Customer
from accounts.recording import COMMAND_LINE
from tests.chat.browsing import NO_SOCKETS, Desk, Widget, browsing, visit

pytestmark = [pytest.mark.browser, pytest.mark.slow]

DELIVERED = ".entry-own[data-state=delivered]"
SEED = "legal winner thank year wave sausage worth useful legal winner thank yellow"


@pytest.fixture(scope="module")
def person() -> Iterator[Callable[..., BrowserContext]]:
    with browsing() as people:
        yield people


@pytest.fixture
def running(desk):
    return desk(web=1)


@pytest.fixture
def staff(running, cast) -> Iterator[Desk]:
    """The desk's side, with the demo's site and one agent, who is not on shift."""
    side = Desk()

    def prepare() -> None:
        cast.make_agent("owner@desk.example", present=False, name="Mira K.")
        cast.make_agent("lead@desk.example", present=False, name="Lena", role=Role.LEAD)
        create_site(
            key="larkfield",
            name="Larkfield",
            origins=[running.base_url],
            issuer="https://larkfield.example",
            identity_secret=secrets.token_urlsafe(40),
            origin=COMMAND_LINE,
        )

    side.does(prepare)
    yield side
    side.close()


@pytest.fixture
def widget(person, staff, running) -> Iterator[Widget]:
    context = person()
    found = visit(context, f"{running.base_url}/demo/").open()
    yield found
    context.close()
    assert found.problems == []


def test_a_customer_talks_to_a_person_and_finds_everything_again(widget, staff, running):
    widget.writes("Where is my withdrawal of 2,400 USDT?")
    widget.shows("Delivered")
    widget.frame.locator(".assurance [data-human]").click()
    widget.shows("You asked for a person")
    widget.shows("Your place")
    expect(widget.frame.locator("[data-position]")).to_have_text("1")

    staff.takes()
    widget.shows("Mira K. joined")
    expect(widget.frame.locator("[data-title]")).to_have_text("Mira K.")
    expect(widget.frame.locator("[data-line]")).to_have_text("Larkfield agent")
    staff.says("I have it open.")
    widget.shows("I have it open.")
    staff.reads()
    widget.shows("Read")

    widget.page.reload()
    widget.open()
    widget.shows("I have it open.")
    assert widget.bodies() == ["Where is my withdrawal of 2,400 USDT?", "I have it open."]
    assert widget.states() == ["read"]
    assert staff.thread() == [("customer", 1), ("activity", 2), ("activity", 3), ("agent", 4)]


def test_the_button_counts_what_was_not_seen_also_after_a_reload(widget, staff):
    widget.writes("Hello")
    widget.shows("Delivered")
    widget.frame.locator("[data-close]").click()
    staff.takes()
    staff.says("First answer")
    staff.says("Second answer")
    expect(widget.launcher).to_have_accessible_name("Help, unread messages: 2")
    widget.page.reload()
    expect(widget.launcher).to_have_accessible_name("Help, unread messages: 2")
    widget.open()
    expect(widget.launcher).to_have_accessible_name("Close help")
    widget.page.keyboard.press("Escape")
    expect(widget.launcher).to_have_accessible_name("Help")


def test_what_is_written_while_the_desk_is_away_arrives_once(widget, staff, running):
    widget.writes("Before")
    widget.shows("Delivered")
    running.kill("web")
    widget.shows("Reconnecting, nothing is lost")
    widget.writes("One")
    widget.writes("Two")
    widget.shows("Sending")
    widget.field.fill("Not sent yet")

    running.start("web")
    running.wait_until_ready()
    expect(widget.frame.locator(DELIVERED)).to_have_count(3, timeout=45_000)
    assert widget.bodies() == ["Before", "One", "Two"]
    expect(widget.field).to_have_value("Not sent yet")
    assert staff.thread() == [("customer", 1), ("customer", 2), ("customer", 3)]


def test_a_reload_keeps_what_was_not_sent_and_what_was_only_typed(widget, staff, running):
    widget.writes("Before")
    widget.shows("Delivered")
    running.kill("web")
    widget.shows("Reconnecting, nothing is lost")
    widget.writes("Written while away")
    widget.field.fill("Only typed")
    widget.shows("Sending")
    running.start("web")
    running.wait_until_ready()
    widget.page.reload()
    widget.open()
    expect(widget.frame.locator(DELIVERED)).to_have_count(2, timeout=15_000)
    assert widget.bodies() == ["Before", "Written while away"]
    expect(widget.field).to_have_value("Only typed")
    assert staff.thread() == [("customer", 1), ("customer", 2)]


def test_two_tabs_are_one_customer(widget, staff, running):
    other = visit(widget.page.context, f"{running.base_url}/demo/").open()
    widget.writes("From the first tab")
    other.shows("From the first tab")
    other.writes("From the second tab")
    widget.shows("From the second tab")
    for tab in (widget, other):
        expect(tab.frame.locator(DELIVERED)).to_have_count(2)
    assert widget.bodies() == other.bodies() == ["From the first tab", "From the second tab"]
    assert staff.does(Customer.objects.count) == 1
    assert staff.thread() == [("customer", 1), ("customer", 2)]
    assert other.problems == []


def test_a_network_without_sockets_is_asked_by_requests(person, staff, running):
    context = person()
    context.add_init_script(NO_SOCKETS)
    widget = visit(context, f"{running.base_url}/demo/").open()
    widget.writes("No sockets here")
    widget.shows("Delivered")
    widget.frame.locator(".assurance [data-human]").click()
    widget.shows("You asked for a person")
    staff.takes()
    staff.says("Still here")
    widget.shows("Still here")
    assert widget.bodies() == ["No sockets here", "Still here"]
    assert widget.problems == []
    context.close()


def test_a_secret_is_shown_as_removed_and_kept_nowhere(widget, staff):
    widget.writes(f"my words are {SEED}")
    widget.shows("We removed a seed phrase")
    assert [" ".join(body.split()) for body in widget.bodies()] == ["my words are seed phrase removed"]
    kept = widget.frame.evaluate("JSON.stringify({...localStorage}) + JSON.stringify({...sessionStorage})")
    assert "sausage" not in kept
    assert "sausage" not in widget.frame.content()


def test_enter_sends_shift_enter_does_not_and_composing_neither(widget, staff):
    widget.field.fill("first")
    widget.field.press("Shift+Enter")
    widget.field.press_sequentially("second")
    widget.field.dispatch_event("keydown", {"key": "Enter", "isComposing": True})
    assert widget.states() == []
    widget.field.press("Enter")
    widget.shows("Delivered")
    assert widget.bodies() == ["first\nsecond"]
    expect(widget.field).to_have_value("")


def test_the_exchange_says_who_is_there_and_takes_it_back(widget, staff):
    widget.writes("Before signing in")
    widget.shows("Delivered")
    expect(widget.frame.locator("[data-badge]")).to_have_text("Not signed in")
    widget.page.get_by_label("Signed in as").select_option("Wei Chen")
    widget.shows("Verified by exchange")

    widget.page.get_by_label("Signed in as").select_option("not signed in")
    widget.shows("Not signed in")
    assert widget.bodies() == []
    assert staff.does(lambda: sorted(Customer.objects.values_list("name", flat=True))) == ["", "Wei Chen"]


def test_the_next_person_at_the_same_computer_sees_nothing(widget, staff):
    widget.page.get_by_label("Signed in as").select_option("Wei Chen")
    widget.shows("Verified by exchange")
    widget.writes("Only for me")
    widget.shows("Delivered")
    widget.field.fill("half a thought")
    widget.page.get_by_label("Signed in as").select_option("Huda Mansour")
    expect(widget.frame.locator(".entry-body")).to_have_count(0)
    widget.shows("Verified by exchange")
    expect(widget.field).to_have_value("")
    assert "Only for me" not in widget.frame.evaluate(
        "JSON.stringify({...localStorage}) + JSON.stringify({...sessionStorage})"
    )


def test_a_session_that_was_ended_begins_anew(widget, staff):
    widget.writes("Hello")
    widget.shows("Delivered")
    staff.does(lambda: revoke_sessions(Customer.objects.get()))
    expect(widget.frame.locator(".entry-body")).to_have_count(0, timeout=15_000)
    widget.writes("Hello again")
    widget.shows("Delivered")
    assert staff.does(Customer.objects.count) == 2


def test_a_file_is_sent_with_the_message_and_opens_again(widget, staff):
    widget.frame.locator("[data-files]").set_input_files(
        [{"name": "proof.txt", "mimeType": "text/plain", "buffer": b"transaction 4711"}]
    )
    widget.shows("proof.txt", within=".uploads")
    expect(widget.frame.locator("[data-send]")).to_have_attribute("aria-disabled", "false")
    widget.writes("Here it is")
    widget.shows("Delivered")
    with widget.page.expect_download() as download:
        widget.frame.locator(".entry-file").click()
    assert download.value.suggested_filename == "proof.txt"
    assert download.value.path().read_bytes() == b"transaction 4711"


def test_a_file_that_is_not_accepted_says_why_and_does_not_block(widget, staff):
    widget.frame.locator("[data-files]").set_input_files(
        [{"name": "run.exe", "mimeType": "application/octet-stream", "buffer": b"MZ\x90\x00" + bytes(200)}]
    )
    expect(widget.frame.locator("[data-error]")).to_be_visible()
    expect(widget.frame.locator(".upload")).to_have_count(0)
    widget.writes("Without the file")
    widget.shows("Delivered")


def test_a_message_that_is_refused_stays_and_says_why(widget, staff):
    widget.writes("\u200b\u200b")
    widget.shows("Not sent. Kept on this device.")
    widget.frame.get_by_role("button", name="Discard").click()
    expect(widget.frame.locator(".entry-own")).to_have_count(0)
    widget.field.fill("x" * 5_001)
    widget.shows("1 character too many")
    widget.field.press("Enter")
    assert widget.states() == []


def test_a_chat_that_ended_can_be_taken_up_and_one_that_was_closed_begins_anew(widget, staff):
    widget.writes("First matter")
    widget.shows("Delivered")
    widget.frame.locator("[popovertarget]").click()
    widget.frame.get_by_role("button", name="End this chat").click()
    widget.shows("Marked as solved.", within=".entries")
    widget.writes("It is not solved")
    widget.shows("Opened again", within=".entries")
    staff.takes()
    staff.closes("lead@desk.example")
    widget.shows("This chat has ended", within=".entries")
    widget.writes("Second matter")
    expect(widget.frame.locator(DELIVERED)).to_have_count(3)
    assert widget.bodies() == ["First matter", "It is not solved", "Second matter"]
    assert staff.thread()[-1] == ("customer", 1)
    widget.writes("More of it")
    expect(widget.frame.locator(DELIVERED)).to_have_count(4)
    assert staff.thread()[-2:] == [("customer", 1), ("customer", 2)]


@pytest.mark.parametrize(
    ("width", "language", "scheme"),
    [(320, "ar", "light"), (360, "ru", "dark"), (768, "en", "light"), (1440, "zh-hans", "dark")],
)
def test_it_fits_and_passes_the_accessibility_rules(person, staff, running, width, language, scheme):
    context = person(viewport={"width": width, "height": 700}, locale=language, color_scheme=scheme)
    widget = visit(context, f"{running.base_url}/demo/?lang={language}").open()
    widget.writes("bc1q" + "x7k4m2" * 12)
    widget.frame.locator(".assurance [data-human]").click()
    widget.frame.locator("[data-position]").wait_for()
    assert widget.frame.evaluate("document.documentElement.scrollWidth") <= width
    box = widget.page.locator("support-desk iframe").bounding_box()
    assert box is not None
    assert (box["x"], box["width"]) == ((0, width) if width < 768 else (width - 424, 400))
    found = Axe().run(widget.page).response["violations"]
    assert [(rule["id"], [node["target"] for node in rule["nodes"]]) for rule in found] == []
    assert widget.problems == []
    context.close()


def test_right_to_left_puts_the_button_on_the_other_side(person, staff, running):
    context = person(locale="ar")
    widget = visit(context, f"{running.base_url}/demo/?lang=ar")
    box = widget.launcher.bounding_box()
    assert box is not None
    assert box["x"] == 24
    widget.open()
    expect(widget.frame.locator("html")).to_have_attribute("dir", "rtl")
    context.close()


def test_the_language_that_was_chosen_stays(widget, staff):
    widget.frame.locator("[popovertarget]").click()
    widget.frame.get_by_text("العربية").click()
    widget.page.frame_locator("support-desk iframe").locator("html[lang=ar]").wait_for()
    expect(widget.page.locator("support-desk")).to_have_attribute("dir", "rtl")
    widget.page.reload()
    widget.open()
    widget.page.frame_locator("support-desk iframe").locator("html[lang=ar]").wait_for()


def test_everything_the_frame_loads_is_small(person, staff, running):
    context = person()
    page = context.new_page()
    sizes: dict[str, int] = {}
    page.on("response", lambda answer: sizes.__setitem__(answer.url, len(gzip.compress(answer.body()))))
    page.goto(f"{running.base_url}/widget/larkfield/", wait_until="networkidle")
    scripts = [url for url in sizes if url.endswith(".js")]
    assert len(scripts) > 10
    assert sum(sizes.values()) <= 60 * 1024
    context.close()


def test_tokens_never_travel_in_addresses(widget, staff):
    addresses: list[str] = []
    widget.page.on("request", lambda request: addresses.append(request.url))
    widget.page.reload()
    widget.open()
    widget.writes("Hello")
    widget.shows("Delivered")
    token = widget.frame.evaluate("localStorage.getItem('desk:larkfield:token')")
    assert re.fullmatch(r"[\w-]{43}", token)
    assert not [address for address in addresses if token in address]
    assert staff.does(close_session, token) is True

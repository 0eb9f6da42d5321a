"""The console in a real browser against real processes: it rings, repairs itself, keeps what was written, and reads well."""

from collections.abc import Callable, Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Locator, Page, expect

from accounts.models import User
from tests.cast import Browser, make_browser
from tests.chat.browsing import Desk, browsing
from tests.console.people import Console, console_of, make_lead, make_people
from tickets.models import Message, Ticket

pytestmark = [pytest.mark.browser, pytest.mark.slow]

WIDE = {"width": 1440, "height": 900}
PHONE = {"width": 360, "height": 740}


@pytest.fixture(scope="module")
def person() -> Iterator[Callable[..., BrowserContext]]:
    with browsing() as people:
        yield people


@pytest.fixture
def running(desk):
    return desk(web=1)


@pytest.fixture
def side(running) -> Iterator[Desk]:
    """The database's side, from a thread of its own."""
    found = Desk()
    yield found
    found.close()


@pytest.fixture
def owner(side) -> Console:
    def prepare() -> Console:
        make_people()
        return console_of("owner")

    return side.does(prepare)


@pytest.fixture
def customer(side, owner) -> Browser:
    def prepare() -> Browser:
        browser = make_browser(owner.agent.teams.get().sites.get())
        browser.says("My withdrawal has not arrived.")
        browser.asks_for_human()
        return browser

    return side.does(prepare)


@pytest.fixture
def lead(side, owner) -> Console:
    def prepare() -> Console:
        make_lead()
        return console_of("lead")

    return side.does(prepare)


@pytest.fixture
def at(person, running, owner) -> Iterator[Callable[..., Page]]:
    """Opens a page of a console, the owner's unless told otherwise; at the end nothing was thrown in any."""
    complaints: list[str] = []

    def open_page(path: str, *, live: bool = True, who: Console = owner, **context) -> Page:
        agent = person(**{"viewport": WIDE, **context})
        agent.add_cookies([{"name": "session", "value": who.session_key, "url": running.base_url}])
        page = agent.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(running.base_url + path)
        if live:
            expect(page.locator("console-socket")).to_have_attribute("data-state", "live")
        return page

    yield open_page
    assert complaints == []


def faults(page: Page) -> list[tuple[str, list[str]]]:
    return [(rule["id"], [node["target"] for node in rule["nodes"]]) for rule in Axe().run(page).response["violations"]]


def overflows(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth > innerWidth"))


def path_of(side: Desk, customer: Browser) -> str:
    return f"/console/tickets/{side.does(customer.ticket).public_id}/"


def test_a_new_chat_rings_and_a_key_opens_it(at, side, owner, customer):
    page = at("/console/")
    side.does(lambda: owner.post(customer.ticket(), "assign"))
    expect(page.locator(".ring-card [data-ring-name]")).to_have_text("Not signed in")
    assert page.title().startswith("(1) New chat")
    expect(page.locator("#says-now")).to_have_text("A new chat was assigned to you: Not signed in")
    assert faults(page) == []
    page.keyboard.press("a")
    expect(page.locator(".entry-body")).to_have_text("My withdrawal has not arrived.")
    expect(page.locator(".ring-card")).to_have_count(0)
    assert not page.title().startswith("(")


def test_a_reply_and_a_note_by_keys(at, side, customer):
    page = at(path_of(side, customer))
    page.keyboard.press("r")
    page.keyboard.type("I am looking at it.")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".entry-agent .entry-state")).to_have_text("Sent")
    expect(page.locator(".thread-head .chip")).to_have_text("With an agent")
    page.keyboard.press("Escape")
    page.keyboard.press("n")
    expect(page.locator(".composer-who.for-note")).to_be_visible()
    expect(page.get_by_role("button", name="Send reply")).to_have_count(0)
    page.keyboard.type("A name mismatch.")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".entry-note[data-seq] .entry-role")).to_have_text("Note: only agents see this")
    assert faults(page) == []
    kinds = side.does(lambda: list(Message.objects.order_by("seq").values_list("kind", "public_seq")))
    assert kinds[-2:] == [("agent", 4), ("note", None)]


def test_a_reply_after_words_that_were_not_on_screen_is_refused_and_kept(at, side, customer):
    page = at(path_of(side, customer))
    page.locator("textarea").fill("Everything is fine.")
    page.evaluate("Object.defineProperty(document.querySelector('ticket-thread'), 'seen', {get: () => 2, set() {}})")
    side.does(customer.says, "It is urgent now.")
    expect(page.locator(".entries .entry-customer .entry-body").last).to_have_text("It is urgent now.")
    page.get_by_role("button", name="Send reply").click()
    expect(page.locator(".moved .entry-body")).to_have_text("It is urgent now.")
    expect(page.locator("textarea")).to_have_value("Everything is fine.")
    assert faults(page) == []
    assert side.does(lambda: Message.objects.filter(kind="agent").count()) == 0
    page.get_by_role("button", name="Send anyway").click()
    expect(page.locator(".entry-agent .entry-state")).to_have_text("Sent")
    assert side.does(lambda: Message.objects.filter(kind="agent").count()) == 1


def test_what_did_not_leave_is_kept_and_sent_once(at, side, customer):
    page = at(path_of(side, customer))
    page.route("**/messages", lambda route: route.abort())
    page.locator("textarea").fill("Words on a bad line.")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".entry-agent .entry-state")).to_contain_text("Not sent. Kept on this device.")
    assert faults(page) == []
    page.reload()
    expect(page.locator(".entry-agent .entry-body")).to_have_text("Words on a bad line.")
    page.unroute("**/messages")
    retry = page.get_by_role("button", name="Try again")
    if retry.count():
        retry.click()
    expect(page.locator(".entry-agent[data-seq] .entry-state")).to_have_text("Sent")
    assert side.does(lambda: Message.objects.filter(kind="agent").count()) == 1


def test_without_a_socket_the_page_says_so_and_polls(at, side, customer):
    page = at("/accounts/login/", live=False)
    page.route_web_socket("**/ws/console/", lambda socket: socket.close())
    page.goto(page.url.split("/accounts")[0].split("/console")[0] + path_of(side, customer))
    expect(page.locator("console-socket")).to_have_attribute("data-state", "away")
    expect(page.get_by_text("Reconnecting, nothing is lost")).to_be_visible()
    side.does(customer.says, "Are you there?")
    expect(page.locator(".entry-body").last).to_have_text("Are you there?", timeout=15_000)


def test_a_draft_waits_for_its_writer(at, side, customer):
    page = at(path_of(side, customer))
    page.keyboard.press("n")
    page.keyboard.type("Half a thought")
    expect(page.get_by_text("Draft kept on this device")).to_be_visible()
    page.reload()
    expect(page.locator("textarea")).to_have_value("Half a thought")
    expect(page.locator("[name=kind][value=note]")).to_be_checked()


def test_solving_by_key_and_the_menu(at, side, customer):
    page = at(path_of(side, customer))
    page.get_by_role("button", name="Take it").click()
    expect(page.locator(".thread-head .chip")).to_have_text("With an agent")
    page.keyboard.press("e")
    expect(page.locator(".thread-head .chip")).to_have_text("Solved")
    assert side.does(lambda: Ticket.objects.get().status) == "solved"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_shows_one_pane_at_a_time(at, side, customer, scheme):
    page = at("/console/?view=all", live=False, viewport=PHONE, has_touch=True, is_mobile=True, color_scheme=scheme)
    assert (faults(page), overflows(page)) == ([], False)
    page.locator(".queue-row a").tap()
    expect(page.locator(".entry-body")).to_be_visible()
    expect(page.locator(".queue")).to_be_hidden()
    expect(page.locator(".rail")).to_be_hidden()
    assert (faults(page), overflows(page)) == ([], False)
    page.get_by_role("button", name="About the customer").tap()
    expect(page.locator("#panel")).to_be_visible()
    assert faults(page) == []


def test_the_thread_reads_and_answers_without_script(at, side, customer):
    page = at(path_of(side, customer), live=False, java_script_enabled=False)
    expect(page.locator(".entry-body")).to_have_text("My withdrawal has not arrived.")
    page.locator("textarea").fill("Hello.")
    page.get_by_role("button", name="Send reply").click()
    expect(page.locator(".entry-agent .entry-body")).to_have_text("Hello.")


def of_entry(page: Page, words: str) -> Locator:
    """The entry of the thread that says this."""
    return page.locator(".entries .entry", has=page.locator(".entry-body", has_text=words))


def choose(entry: Locator, what: str) -> Locator:
    """Use an entry's menu by keys; the dialog that it opens."""
    entry.locator("summary").focus()
    entry.page.keyboard.press("Enter")
    entry.get_by_role("link", name=what).focus()
    entry.page.keyboard.press("Enter")
    dialog = entry.page.locator("dialog#change")
    expect(dialog).to_be_visible()
    return dialog


def test_a_correction_and_a_removal_reach_everybody_at_once(at, person, running, side, owner, lead, customer):
    chat = person().new_page()
    chat.goto(f"{running.base_url}/chat/larkfield/")
    chat.locator("textarea").fill("What shall I do?")
    chat.keyboard.press("Enter")
    expect(chat.locator(".entry-own[data-state=delivered]")).to_have_count(1)
    ticket = side.does(lambda: Ticket.objects.latest("pk"))
    side.does(lambda: owner.post(ticket, "assign"))
    path = f"/console/tickets/{ticket.public_id}/"
    mine, leads = at(path), at(path, who=lead)
    mine.locator("textarea").fill("Send 2 BTC")
    mine.keyboard.press("Control+Enter")
    expect(chat.locator(".entry-agent .entry-body")).to_have_text("Send 2 BTC")
    expect(of_entry(mine, "What shall I do?").locator(".entry-menu")).to_have_count(0)

    dialog = choose(of_entry(mine, "Send 2 BTC").locator(":scope[data-seq]"), "Correct")
    expect(dialog.locator("textarea")).to_be_focused()
    expect(dialog.locator("textarea")).to_have_value("Send 2 BTC")
    assert faults(mine) == []
    dialog.locator("textarea").fill("Send nothing")
    mine.keyboard.press("Control+Enter")
    expect(dialog).to_be_hidden()
    for page in (mine, leads, chat):
        expect(page.locator(".entry-agent .entry-body")).to_have_text("Send nothing")
        expect(page.locator(".entry-agent .entry-changed")).to_have_text("changed")
    expect(mine.locator(".entry-agent summary")).to_be_focused()

    dialog = choose(of_entry(leads, "Send nothing"), "Remove text")
    assert faults(leads) == []
    dialog.locator("textarea").fill(" ")
    dialog.get_by_role("button", name="Remove for good").click()
    expect(dialog.get_by_role("alert")).to_have_text("There is no text.")
    dialog.locator("textarea").fill("wrong advice")
    dialog.get_by_role("button", name="Remove for good").click()
    for page in (leads, mine, chat):
        expect(page.locator(".entry-agent .entry-body")).to_have_text("This message was removed.")
    expect(leads.locator(".entry-agent .entry-menu")).to_have_count(0)
    expect(leads.locator(".thread-scroll")).to_be_focused()
    expect(chat.locator(".entry-menu")).to_have_count(0)
    assert (faults(mine), faults(leads)) == ([], [])


@pytest.mark.parametrize(("language", "scheme"), [("en", "dark"), ("ar", "light")])
def test_a_phone_has_room_for_menu_and_dialog(at, side, owner, lead, customer, language, scheme):
    side.does(lambda: User.objects.filter(email="lead@desk.example").update(language=language))
    phone = {"viewport": PHONE, "has_touch": True, "is_mobile": True, "color_scheme": scheme}
    page = at(path_of(side, customer), who=lead, live=False, **phone)
    assert page.locator("html").get_attribute("dir") == ("rtl" if language == "ar" else "ltr")
    page.locator(".entry-customer summary").tap()
    expect(page.locator("[data-change=redact]").first).to_be_visible()
    assert (faults(page), overflows(page)) == ([], False)
    page.locator("[data-change=redact]").first.tap()
    expect(page.locator("dialog#change textarea")).to_be_visible()
    assert (faults(page), overflows(page)) == ([], False)
    page.locator("dialog#change [data-cancel]").tap()
    expect(page.locator("dialog#change")).to_be_hidden()
    page.goto(page.locator("[data-change=redact]").first.evaluate("link => link.href"))
    expect(page.locator(".change-page textarea")).to_be_visible()
    assert (faults(page), overflows(page)) == ([], False)


def test_words_are_corrected_without_script(at, side, owner, customer):
    side.does(lambda: owner.says(customer.ticket(), "Send 2 BTC", force="on"))
    page = at(path_of(side, customer), live=False, java_script_enabled=False)
    page.locator(".entry-agent summary").click()
    page.get_by_role("link", name="Correct").click()
    page.locator("textarea").fill("Send nothing")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".entry-agent .entry-body")).to_have_text("Send nothing")
    expect(page.locator(".entry-agent .entry-changed")).to_have_text("changed")

"""The main job as people live it: a customer asks for a person, a worker finds one, they talk; across two web processes,
with the worker killed between hand-over and assignment, a reload in the middle and a second tab."""

import secrets
from base64 import b32encode

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from accounts.actions.sites import create_site
from accounts.recording import COMMAND_LINE
from tests.cast import PASSWORD, make_agent
from tests.chat.browsing import Desk, browsing, visit
from tests.clients import totp_now
from tickets.models import Message, Ticket

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SECRET = b32encode(b"a secret of this test").decode()
WORDS = {
    "zh-hans": (
        "我昨天提的 2,400 USDT 到现在还没到账",
        "您好，我来为您查看。您的资产是安全的。",
        "交易哈希是 7be2…91ac",
    ),
    "ar": ("لم يصل سحب 2,400 USDT منذ أمس", "مرحبًا، أنا أتابع طلبك. أموالك في أمان.", "هذا هو رقم المعاملة 7be2…91ac"),
}


def sign_in(page, base_url):
    """Password, then a code, then the console; on shift."""
    page.goto(f"{base_url}/accounts/login/")
    page.locator("[name=username]").fill("owner@desk.example")
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("[name=password]").press("Enter")
    page.wait_for_url("**/accounts/verify/")
    page.locator("[name=otp_token]").fill(totp_now(SECRET))
    page.locator("[name=otp_token]").press("Enter")
    page.wait_for_url("**/console/**")
    page.locator("form.banner button[value=online]").click()
    expect(page.locator("console-socket")).to_have_attribute("data-state", "live")


def serious(results):
    return [(rule["id"], [node["target"] for node in rule["nodes"]]) for rule in results.response["violations"]]


@pytest.mark.timeout(240)
@pytest.mark.parametrize("language", list(WORDS))
def test_a_customer_and_an_agent_talk_whatever_is_killed(desk, language):
    question, answer, reply = WORDS[language]
    side = Desk()

    def prepare():
        make_agent("owner@desk.example", present=False, totp_secret=SECRET, languages=["en", language], name="Mira K.")
        identity_secret = secrets.token_urlsafe(40)
        create_site(
            key="larkfield",
            name="Larkfield",
            origins=["https://exchange.example"],
            issuer="https://larkfield.example",
            identity_secret=identity_secret,
            origin=COMMAND_LINE,
        )

    side.does(prepare)
    running = desk(web=2, worker=True)
    with browsing() as person:
        staff = person(viewport={"width": 1440, "height": 900}, locale=language)
        console = staff.new_page()
        complaints = []
        console.on("pageerror", lambda error: complaints.append(str(error)))
        sign_in(console, running.base_urls[1])

        customer = person(locale=language)
        chat = visit(customer, f"{running.base_urls[0]}/demo/?language={language}").open()
        assert chat.frame.locator("html").get_attribute("dir") == ("rtl" if language == "ar" else "ltr")
        chat.writes(question)
        expect(chat.frame.locator(".entry-own[data-state=delivered]")).to_have_count(1)

        running.kill("worker")
        chat.frame.locator(".assurance [data-human]").click()
        expect(chat.frame.locator("[data-position]")).to_have_text("1")
        assert side.does(lambda: Ticket.objects.get().status) == "queued"
        chat.page.reload()
        chat.open()
        expect(chat.frame.locator("[data-position]")).to_have_text("1")

        running.start("worker")
        row = console.locator("ticket-list .queue-row, .queue-row").first
        row.wait_for(timeout=30_000)
        row.locator("a").click()
        expect(console.locator(".entry-body").first).to_have_text(question)
        expect(chat.frame.locator("[data-title]")).to_have_text("Mira K.")

        console.locator("reply-composer textarea").fill(answer)
        console.locator("reply-composer textarea").press("Control+Enter")
        chat.shows(answer)
        second = visit(customer, f"{running.base_urls[0]}/demo/?language={language}").open()
        second.shows(answer)
        second.writes(reply)
        expect(console.locator(".entry-body").last).to_have_text(reply, timeout=15_000)
        chat.shows(reply)

        assert chat.bodies() == second.bodies() == [question, answer, reply]
        assert serious(Axe().run(chat.frame)) == []
        assert serious(Axe().run(console)) == []
        assert (complaints, chat.problems, second.problems) == ([], [], [])
    rows = side.does(lambda: list(Message.objects.order_by("seq").values_list("kind", "activity", "public_seq")))
    side.close()
    assert rows == [
        ("customer", "", 1),
        ("activity", "handed_over", 2),
        ("activity", "assigned", 3),
        ("agent", "", 4),
        ("customer", "", 5),
    ]

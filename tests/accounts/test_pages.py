"""The sign-in pages in a real browser: they work, fit, follow the policy of content, and are accessible."""

import os
from contextlib import contextmanager
from pathlib import Path
from time import time

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, sync_playwright

from accounts import codes
from tests.accounts.staff import KEY, PASSWORD, make_person

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PICTURES = os.environ.get("PICTURES")  # a directory to keep pictures in, for people to look at
LOOKS = [
    ("en", 1440, "light"),
    ("en", 360, "dark"),
    ("ar", 360, "light"),
    ("ar", 1440, "dark"),
    ("ru", 320, "light"),
    ("ja", 360, "light"),
]


@contextmanager
def browser_page(url: str, language: str, width: int, theme: str):
    """A page that fails the test when the content policy blocks something or a script fails."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"]
        )
        context = browser.new_context(
            base_url=url, viewport={"width": width, "height": 800}, color_scheme=theme, locale=language
        )
        context.add_cookies([{"name": "language", "value": language, "url": url}])
        page = context.new_page()
        complaints: list[str] = []
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        yield page
        assert [text for text in complaints if "status of 4" not in text] == []
        browser.close()


def look_at(page: Page, name: str) -> None:
    """Nothing spills over the edge, and axe finds nothing."""
    if PICTURES:
        view = f"{page.viewport_size['width']}-{page.evaluate('document.documentElement.lang')}"
        page.screenshot(path=Path(PICTURES) / f"{name}-{view}.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
    found = Axe().run(page).response["violations"]
    assert [(rule["id"], [node["target"] for node in rule["nodes"]]) for rule in found] == [], name


@pytest.mark.parametrize(("language", "width", "theme"), LOOKS)
def test_both_steps_in_a_browser(desk, language, width, theme):
    make_person("t.reyes", role="agent", enrolled=True)
    running = desk(web=1)
    with browser_page(running.base_url, language, width, theme) as page:
        page.goto("/console/")
        assert page.locator("html").get_attribute("dir") == ("rtl" if language == "ar" else "ltr")
        look_at(page, "login")
        page.locator("details.languages summary").click()
        look_at(page, "languages")
        page.locator("details.languages summary").click()
        page.fill("[name=username]", "t.reyes@desk.example")
        page.fill("[name=password]", "wrong password")
        page.keyboard.press("Enter")
        page.wait_for_selector(".problem")
        look_at(page, "login-refused")
        page.fill("[name=password]", PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url("**/accounts/verify/")
        look_at(page, "verify")
        page.fill("[name=otp_token]", "000000")
        page.keyboard.press("Enter")
        page.wait_for_selector(".error")
        assert page.input_value("[name=otp_token]") == ""
        look_at(page, "verify-refused")
        page.wait_for_timeout(1100)
        page.fill("[name=otp_token]", codes.totp(KEY, codes.step_at(time())))
        page.keyboard.press("Enter")
        page.wait_for_url("**/console/")
        page.goto("/accounts/password/")
        look_at(page, "password")
        page.goto("/accounts/recovery-codes/")
        look_at(page, "recovery-codes")


@pytest.mark.parametrize(("language", "width", "theme"), LOOKS[:3])
def test_enrolment_in_a_browser(desk, language, width, theme):
    newcomer = make_person("new", role="agent", enrolled=False)
    running = desk(web=1)
    with browser_page(running.base_url, language, width, theme) as page:
        page.goto("/accounts/login/")
        page.fill("[name=username]", newcomer.user.email)
        page.fill("[name=password]", PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url("**/accounts/enrol/")
        page.locator(".steps summary").click()
        look_at(page, "enrol")
        key = page.locator(".key code").inner_text().replace(" ", "")
        page.fill("[name=otp_token]", codes.totp(key, codes.step_at(time())))
        page.keyboard.press("Enter")
        page.wait_for_selector(".codes")
        assert page.locator(".codes li").count() == 10
        look_at(page, "codes")
        page.locator("a.primary").click()
        page.wait_for_url("**/console/")


def test_a_pause_in_a_browser(desk):
    running = desk(web=1)
    with browser_page(running.base_url, "en", 360, "light") as page:
        page.goto("/accounts/login/")
        for _ in range(5):
            page.fill("[name=username]", "nobody@desk.example")
            page.fill("[name=password]", "wrong")
            page.keyboard.press("Enter")
            page.wait_for_load_state()
        page.wait_for_selector("text=15 minutes")
        look_at(page, "paused")

"""The chat over HTTP: the same messages, numbers and refusals as over the socket."""

from uuid import uuid4

import pytest

from accounts.models import SitePolicy
from tests.chat.conftest import Page, code_of
from tickets.models import Message, Ticket

MESSAGES = "/api/chat/messages"
PHRASE = "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about"


def send(page, body="hello", client_id=None, **more):
    return page.post(MESSAGES, {"client_id": str(client_id or uuid4()), "body": body} | more)


def test_the_first_message_opens_a_ticket_and_a_repeat_changes_nothing(page):
    used = uuid4()
    first, again = send(page, "where is it", used), send(page, "where is it", used)
    assert (first.status_code, again.status_code) == (201, 200)
    ack = first.json()
    assert ack == again.json()
    ticket = Ticket.objects.get()
    assert ack | {"created_at": ""} == {
        "type": "ack", "client_id": str(used), "seq": 1, "ticket": str(ticket.public_id), "created_at": "", "scrubbed": [],
    }  # fmt: skip
    assert Message.objects.count() == 1


def test_other_text_under_a_used_id_is_a_conflict(page):
    used = uuid4()
    send(page, "one", used)
    assert code_of(send(page, "two", used)) == (409, "conflict")
    assert Message.objects.count() == 1


def test_a_secret_is_gone_before_it_is_stored(page):
    answer = send(page, f"here it is: {PHRASE}")
    assert answer.json()["scrubbed"] == ["seed_phrase"]
    body = page.get(MESSAGES).json()["messages"][0]["body"]
    assert "abandon" not in body
    assert "[removed: seed_phrase]" in body


def test_news_are_numbered_and_start_after_what_is_known(page):
    for number in range(1, 4):
        send(page, f"message {number}")
    news = page.get(MESSAGES, after=1).json()
    assert [message["seq"] for message in news["messages"]] == [2, 3]
    assert (news["public_seq"], news["more"]) == (3, False)
    assert news["status"] == {"ticket": str(Ticket.objects.get().public_id), "status": "bot"}
    assert page.get(MESSAGES, after=3).json()["messages"] == []


def test_a_number_of_another_ticket_starts_from_the_beginning(page):
    send(page)
    assert [message["seq"] for message in page.get(MESSAGES, after=77).json()["messages"]] == [1]


def test_before_the_first_message_there_is_nothing(page):
    assert page.get(MESSAGES).json() == {"messages": [], "status": None, "public_seq": 0, "more": False}
    assert page.get("/api/chat/history").json() == {"messages": [], "has_more": False}


def test_history_pages_backwards(page):
    for number in range(5):
        send(page, f"message {number}")
    page_one = page.get("/api/chat/history", before=5, limit=2).json()
    assert ([message["seq"] for message in page_one["messages"]], page_one["has_more"]) == ([3, 4], True)
    page_two = page.get("/api/chat/history", before=3, limit=2).json()
    assert ([message["seq"] for message in page_two["messages"]], page_two["has_more"]) == ([1, 2], False)


def test_more_than_a_page_is_announced(page, monkeypatch):
    monkeypatch.setattr("chat.selectors.PAGE", 2)
    for number in range(3):
        send(page, f"message {number}")
    news = page.get(MESSAGES).json()
    assert ([message["seq"] for message in news["messages"]], news["more"]) == ([1, 2], True)


def test_a_stranger_sees_nothing_of_it(page, strangers_page):
    send(page)
    assert strangers_page.get(MESSAGES).json()["messages"] == []
    assert strangers_page.get("/api/chat/history").json()["messages"] == []


def test_asking_for_a_person_queues_the_ticket(page):
    used = {"client_id": str(uuid4())}
    first, again = page.post("/api/chat/human", used), page.post("/api/chat/human", used)
    assert (first.status_code, again.status_code, first.json()["seq"]) == (201, 200, again.json()["seq"])
    status = page.get(MESSAGES).json()["status"]
    assert (status["status"], status["queue"]) == ("queued", {"position": 1})


@pytest.mark.parametrize("name", ["emergency", "rate", "feedback"])
def test_what_is_not_built_yet_says_so(page, name):
    assert code_of(page.post(f"/api/chat/{name}", {"client_id": str(uuid4())})) == (422, "not_available")
    assert Ticket.objects.count() == 0


@pytest.mark.parametrize(
    ("body", "code"),
    [("", "empty"), (" \n\t", "empty"), ("\u200b\u200e", "empty"), ("x" * 5001, "too_long"), ("a\0b", "bad_text")],
)
def test_text_that_cannot_be_stored_is_refused(page, body, code):
    assert code_of(send(page, body)) == (422, code)
    assert Ticket.objects.count() == 0


@pytest.mark.parametrize(
    "body",
    [
        {}, {"body": "x"}, {"client_id": "7", "body": "x"}, {"client_id": str(uuid4())},
        {"client_id": str(uuid4()), "body": 7}, {"client_id": str(uuid4()), "body": "x", "ticket": 1},
        {"client_id": str(uuid4()), "body": "x", "attachments": "a"},
        {"client_id": str(uuid4()), "body": "x", "attachments": [str(uuid4())] * 51},
        {"client_id": str(uuid4()), "body": "x", "type": "message.send"},
    ],
)  # fmt: skip
def test_bodies_of_another_form_are_refused(page, body):
    assert code_of(page.post(MESSAGES, body)) == (400, "bad_request")
    assert Ticket.objects.count() == 0


@pytest.mark.parametrize(
    "query", [{"after": "-1"}, {"after": "x"}, {"after": "1e3"}, {"after": "9" * 40}, {"after": "٣"}]
)
def test_numbers_that_are_none_are_refused(page, query):
    assert code_of(page.get(MESSAGES, **query)) == (400, "bad_request")


@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer ", "Basic eDp5", "Bearer " + "x" * 43, "Bearer x" * 99, "bearer \x00"]
)
def test_a_token_that_opens_nothing_gets_the_one_answer(browser, header):
    page = Page()
    if header is not None:
        page.headers["authorization"] = header
    answers = [
        page.get(MESSAGES),
        page.get("/api/chat/history"),
        page.post(MESSAGES, {}),
        page.post("/api/chat/human", {}),
    ]
    assert {code_of(answer) for answer in answers} == {(401, "not_authenticated")}
    assert len({answer.content for answer in answers}) == 1


def test_reads_of_other_pages_are_refused(browser):
    page = Page(browser.token, **{"sec-fetch-site": "cross-site"})
    assert code_of(page.get(MESSAGES)) == (403, "origin_not_allowed")


def test_messages_are_limited_and_the_limit_is_a_policy(page, site):
    SitePolicy.objects.create(site=site, name="limit.messages_per_minute", value=6)
    assert [send(page).status_code for _ in range(2)] == [201, 201]
    answer = send(page)
    assert code_of(answer) == (429, "too_many")
    assert answer.json()["error"]["retry_after"] > 0
    assert Message.objects.count() == 2


def test_refusals_speak_the_language_of_the_session(site, cast):
    answer = send(Page(cast.make_browser(site, language="ar").token), "")
    assert answer.headers["Content-Language"] in {"ar", "en"}
    assert code_of(answer) == (422, "empty")

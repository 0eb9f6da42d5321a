"""The console's pages: who may open them, what they show, in which language, without any script."""

import pytest
from django.test import Client

from accounts.models import Grant, User
from console import pages, views
from tests.cast import PASSWORD, make_browser
from tests.console.people import JSON, console_of


def test_the_queue_shows_what_waits_in_the_view_that_was_asked_for(owner, queued):
    mine = owner.client.get("/console/").content.decode()
    unassigned = owner.client.get("/console/", {"view": "unassigned"}).content.decode()
    assert str(queued.public_id) not in mine
    assert "You have no chats." in mine
    assert str(queued.public_id) in unassigned
    assert "My withdrawal has not arrived." in unassigned


def test_a_thread_reads_without_script(owner, queued):
    page = owner.page(queued).content.decode()
    assert "My withdrawal has not arrived." in page
    assert "Handed over to people" in page
    assert "Not signed in" in page
    assert 'name="seen_seq" value="2"' in page


def test_markup_of_a_customer_stays_text(owner, customer):
    customer.says("<img src=x onerror=alert(1)><script>alert(2)</script>{{ 7 }}")
    customer.asks_for_human()
    page = owner.page(customer.ticket()).content.decode()
    assert "<img src=x" not in page
    assert "<script>alert" not in page
    assert "&lt;img src=x onerror=alert(1)&gt;" in page


def test_a_colleague_of_the_team_reads_the_ticket_and_an_outsider_finds_nothing(colleague, outsider, held):
    assert colleague.page(held).status_code == 200
    assert outsider.page(held).status_code == 404
    assert outsider.entries(held).status_code == 404
    assert str(held.public_id) not in outsider.client.get("/console/", {"view": "all"}).content.decode()


def test_every_refusal_of_an_outsider_changes_nothing(outsider, held):
    before = (held.status, held.assignee_id, held.last_seq)
    answers = [
        outsider.says(held, "hello"),
        outsider.says(held, "hello", kind="note", force="on"),
        outsider.post(held, "assign"),
        outsider.post(held, "status", {"status": "solved"}),
        outsider.post(held, "read", {"public_seq": 1}),
    ]
    assert [answer.status_code for answer in answers] == [404] * 5
    held.refresh_from_db()
    assert (held.status, held.assignee_id, held.last_seq) == before


@pytest.mark.parametrize("path", ["/console/", "/console/rows/", "/console/socket-ticket"])
def test_nobody_enters_with_the_password_alone(site, path):
    half = Client()
    assert half.get(path).status_code == 302
    half.post("/accounts/login/", {"username": "owner@desk.example", "password": PASSWORD})
    assert half.get(path).status_code == 302
    assert half.get(path, headers=JSON).status_code == 401


def test_the_views_ask_for_the_second_factor_themselves(queued, rf):
    request = rf.get("/console/")
    request.user = User.objects.get(email="owner@desk.example")
    request.session = {}
    for view in (views.queue, views.rows, views.socket_ticket):
        assert view(request).status_code == 302
    assert views.ticket(request, queued.public_id).status_code == 302


def test_a_person_without_the_console_in_their_grants_is_refused(site):
    console = console_of("colleague")
    Grant.objects.filter(user=console.agent.user).delete()
    answer = console.client.get("/console/")
    assert answer.status_code == 403
    assert "Your role does not include this." in answer.content.decode()


def test_pages_are_kept_by_no_cache(owner, queued):
    assert "no-store" in owner.page(queued).headers["Cache-Control"]
    assert "no-store" in owner.client.get("/console/socket-ticket").headers["Cache-Control"]


def test_the_page_is_in_the_language_of_the_agent(owner):
    user = owner.agent.user
    user.language = "ar"
    user.save(update_fields=["language"])
    answer = owner.client.get("/console/")
    assert '<html lang="ar" dir="rtl">' in answer.content.decode()
    assert answer.headers["Content-Language"] == "ar"


def test_a_long_thread_shows_its_newest_entries_and_leads_to_the_earlier_ones(owner, customer, monkeypatch):
    monkeypatch.setattr(pages, "WINDOW", 3)
    for number in range(8):
        customer.says(f"line {number}")
    ticket = customer.ticket()
    page = owner.page(ticket).content.decode()
    assert "line 7" in page
    assert "line 3" not in page
    assert "?after=2" in page
    earlier = owner.client.get(f"/console/tickets/{ticket.public_id}/", {"after": 2}).content.decode()
    assert "line 2" in earlier
    assert "line 7" in earlier


def test_the_queue_costs_the_same_however_long_it_is(owner, site, django_assert_max_num_queries):
    for number in range(12):
        browser = make_browser(site)
        browser.says(f"question {number}")
        browser.asks_for_human()
    with django_assert_max_num_queries(12):
        rows = owner.client.get("/console/rows/", {"view": "all"}).content.decode()
    assert rows.count('class="queue-row"') == 12


@pytest.mark.parametrize(
    ("preview", "shown"),
    [
        ("two\n words", "two words"),
        ("my phrase: [removed: seed_phrase]", "my phrase: (seed phrase removed)"),
        ("[removed: nothing_known] !", "(secret removed) !"),
    ],
)
def test_a_removed_secret_has_words_in_the_queue_too(preview, shown):
    from console.screens import plain_words

    assert plain_words(preview) == shown

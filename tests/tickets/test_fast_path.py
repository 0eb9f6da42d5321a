"""The fast path: many messages, one transaction, dense numbers, nothing twice."""

from dataclasses import replace
from uuid import uuid4

import pytest
from django.db import transaction

from core.crypto.keys import WrongKey
from core.errors import Conflict
from core.group_commit import BUSY
from tests.cast import numbers_of
from tickets.actions import fast_path
from tickets.actions.messages import post_customer_messages
from tickets.models import Message, Ticket
from tickets.posted import NeedsOrdinary, Posted
from tickets.selectors import public_thread_of

pytestmark = pytest.mark.django_db


def texts_of(ticket):
    return [entry.body for entry in public_thread_of(ticket, after=0)]


def test_a_batch_is_numbered_in_its_order(browser):
    browser.says("first")
    answers = post_customer_messages([browser.draft("second"), browser.draft("third")])
    assert [answer.seq for answer in answers] == [2, 3]
    assert texts_of(browser.ticket()) == ["first", "second", "third"]
    assert numbers_of(browser.ticket()) == ([1, 2, 3], [1, 2, 3])


def test_two_tickets_in_one_batch_count_on_their_own(browser, stranger):
    browser.says("a1")
    stranger.says("b1")
    batch = [browser.draft("a2"), stranger.draft("b2"), browser.draft("a3"), stranger.draft("b3")]
    assert [answer.seq for answer in post_customer_messages(batch)] == [2, 2, 3, 3]
    assert texts_of(browser.ticket()) == ["a1", "a2", "a3"]
    assert texts_of(stranger.ticket()) == ["b1", "b2", "b3"]


def test_a_repeat_gets_the_first_number_and_stores_nothing(browser):
    browser.says("first")
    draft = browser.draft("second")
    (first,) = post_customer_messages([draft])
    (again,) = post_customer_messages([draft])
    assert (first.seq, first.repeat, again.seq, again.repeat) == (2, False, 2, True)
    assert again.created_at == first.created_at
    assert Message.objects.count() == 2


def test_a_repeat_inside_one_batch_is_stored_once(browser):
    browser.says("first")
    draft = browser.draft("second")
    answers = post_customer_messages([draft, browser.draft("third"), draft])
    assert [answer.seq for answer in answers] == [2, 3, 2]
    assert texts_of(browser.ticket()) == ["first", "second", "third"]


def test_other_text_under_a_used_id_is_a_conflict_and_changes_nothing(browser):
    used = browser.says("first").client_id
    (answer,) = post_customer_messages([browser.draft("other text", used)])
    assert isinstance(answer, Conflict)
    assert texts_of(browser.ticket()) == ["first"]


def test_an_id_used_in_an_earlier_ticket_is_remembered_across_tickets(browser):
    used = browser.says("first").client_id
    Ticket.objects.update(status="closed")
    browser.says("a new ticket")
    (answer,) = post_customer_messages([browser.draft("first", used)])
    assert isinstance(answer, Posted)
    assert answer.repeat
    assert answer.ticket == Ticket.objects.order_by("pk")[0].public_id
    assert Message.objects.count() == 2


@pytest.mark.parametrize("status", ["solved", "closed"])
def test_states_that_need_thought_go_the_ordinary_way(browser, status):
    browser.says("first")
    Ticket.objects.update(status=status)
    (answer,) = post_customer_messages([browser.draft("second")])
    assert isinstance(answer, NeedsOrdinary)
    assert Message.objects.count() == 1


def test_nobody_writes_into_a_strangers_ticket(browser, stranger):
    browser.says("mine")
    forged = replace(stranger.draft("yours", ticket=browser.ticket()))
    (answer,) = post_customer_messages([forged])
    assert isinstance(answer, NeedsOrdinary)
    assert texts_of(browser.ticket()) == ["mine"]


def test_a_missing_ticket_is_busy_to_the_fast_path_and_never_stored(browser):
    browser.says("first")
    (answer,) = post_customer_messages([replace(browser.draft("second"), ticket_pk=10**9)])
    assert answer is BUSY
    assert Message.objects.count() == 1


def test_the_customers_word_ends_the_wait_for_the_customer(browser, owner):
    browser.says("first")
    Ticket.objects.update(status="waiting", assignee=owner, waiting_since=None)
    post_customer_messages([browser.draft("second")])
    ticket = browser.ticket()
    assert ticket.status == "assigned"
    assert ticket.waiting_since is not None


def test_a_body_is_sealed_and_bound_to_its_place(browser):
    browser.says("first")
    post_customer_messages([browser.draft("withdrawal 2,400 USDT"), browser.draft("another")])
    rows = list(Message.objects.order_by("seq"))
    assert all(b"USDT" not in bytes(row.body) + bytes(row.digest) for row in rows)
    rows[1].body, rows[2].body = rows[2].body, rows[1].body
    Message.objects.bulk_update(rows, ["body"])
    with pytest.raises(WrongKey):
        texts_of(browser.ticket())


def test_frames_and_the_event_follow_the_commit(browser, published):
    browser.says("first")
    published.clear()
    post_customer_messages([browser.draft("second", uuid4())])
    ticket = browser.ticket().public_id
    assert published.groups() == [f"t:{ticket}", f"c:{ticket}"]
    assert published.events() == [("message_posted", (browser.ticket().pk,))]


def test_looking_for_repeats_never_reads_all_messages(browser, site, cast):
    """On a table without statistics the planner knows nothing; the statement must not depend on what it believes."""
    for number in range(30):
        browser.says(f"message {number}")
    drafts = [browser.draft("one more")]
    with transaction.atomic():
        locked = fast_path.lock_free_tickets({drafts[0].ticket_pk})
        explained = fast_path._rows(
            "explain (analyze, format json) " + fast_path.STORE, fast_path._columns(drafts, locked)
        )
    visits = list(scans_of(explained[0][0][0]["Plan"], "tickets_message"))
    assert visits
    assert all("client_id" in visit["Index Cond"] and visit["Actual Rows"] == 0 for visit in visits)


def scans_of(plan, table):
    if plan.get("Relation Name") == table and "Scan" in plan["Node Type"]:
        yield plan
    for part in plan.get("Plans", ()):
        yield from scans_of(part, table)

"""Anonymous history joins the customer that the exchange vouched for in the same browser."""

import pytest

from accounts.models import DataKey
from tickets.actions.endings import end_chat
from tickets.actions.joining import join_history
from tickets.actions.reading import mark_read_by_agent, mark_read_by_customer
from tickets.models import Message, Ticket, TicketRead
from tickets.selectors import public_thread_of, thread_of

pytestmark = pytest.mark.django_db


def test_history_moves_with_its_key_and_stays_readable(browser, stranger):
    browser.says("before I signed in")
    join_history(anonymous=browser.customer, verified=stranger.customer)
    ticket = Ticket.objects.get()
    assert ticket.customer == stranger.customer
    assert [entry.body for entry in thread_of(ticket)] == ["before I signed in"]
    assert DataKey.objects.filter(customer=browser.customer).count() == 0


def test_two_live_chats_leave_one(browser, stranger):
    browser.says("anonymous chat")
    stranger.says("verified chat")
    join_history(anonymous=browser.customer, verified=stranger.customer)
    assert sorted(Ticket.objects.values_list("status", "close_reason")) == [("bot", ""), ("closed", "joined")]
    assert Ticket.objects.filter(customer=stranger.customer).count() == 2


def test_joining_twice_changes_nothing_more(browser, stranger):
    browser.says("one")
    join_history(anonymous=browser.customer, verified=stranger.customer)
    before = Message.objects.count()
    join_history(anonymous=browser.customer, verified=stranger.customer)
    assert Message.objects.count() == before


def test_ending_solves_once_and_writing_reopens(browser):
    browser.says("hello")
    assert end_chat(customer=browser.customer, session_assurance="anonymous").status == "solved"
    assert end_chat(customer=browser.customer, session_assurance="anonymous").status == "solved"
    assert [entry.activity for entry in public_thread_of(browser.ticket(), after=1)] == ["solved"]
    browser.says("one more thing")
    assert browser.ticket().status == "queued"


def test_marks_of_reading_only_move_forward_and_never_past_the_end(browser, owner, published):
    browser.says("one")
    browser.says("two")
    ticket = browser.ticket()
    published.clear()
    mark_read_by_customer(customer=browser.customer, public_seq=1)
    mark_read_by_customer(customer=browser.customer, public_seq=99)
    mark_read_by_customer(customer=browser.customer, public_seq=1)
    mark_read_by_agent(user=owner.user, ticket=ticket.public_id, public_seq=2)
    assert sorted(TicketRead.objects.values_list("agent", "public_seq"), key=str) == [(owner.pk, 2), (None, 2)]
    assert published.groups() == [f"t:{ticket.public_id}", f"t:{ticket.public_id}", f"c:{ticket.public_id}"]

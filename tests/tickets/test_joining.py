"""Anonymous history joins the customer that the exchange vouched for in the same browser."""

from dataclasses import replace

import pytest

from accounts.models import Customer, DataKey
from core.errors import Conflict, TransientError
from tickets.actions.endings import end_chat
from tickets.actions.joining import join_history
from tickets.actions.messages import post_customer_messages
from tickets.actions.reading import mark_read_by_agent, mark_read_by_customer
from tickets.models import Message, Ticket, TicketRead
from tickets.posted import NeedsOrdinary
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


@pytest.mark.parametrize(
    ("stays", "left_behind"), [("asked before", "solved earlier"), ("asked before", "talks to the assistant")]
)
def test_the_chat_that_is_further_with_people_stays(browser, stranger, published, stays, left_behind):
    """Whoever waits for a person must not lose their place by signing in."""
    browser.says(stays)
    browser.asks_for_human()
    stranger.says(left_behind)
    if left_behind.startswith("solved"):
        end_chat(customer=stranger.customer, session_assurance="jwt")
    published.clear()
    join_history(anonymous=browser.customer, verified=stranger.customer)
    live = Ticket.objects.of_customer(stranger.customer).live().select_related("data_key").get()
    assert (live.status, public_thread_of(live, after=0, limit=1)[0].body) == ("queued", stays)
    assert Ticket.objects.exclude(pk=live.pk).values_list("status", "close_reason").get() == ("closed", "joined")
    assert f"h:{stranger.customer.pk}" in published.groups()  # other browsers of the customer turn to it


def test_a_message_whose_ack_was_lost_is_not_stored_again_after_joining(browser, stranger):
    """The outbox repeats it under the same id, but by now it is the verified customer who speaks."""
    stranger.says("verified chat")
    sent = browser.says("sent before signing in")
    join_history(anonymous=browser.customer, verified=stranger.customer)
    Customer.objects.filter(pk=browser.customer.pk).update(joined_into=stranger.customer)
    again = stranger.says("sent before signing in", client_id=sent.client_id)
    assert (again.repeat, again.ticket, again.seq) == (True, sent.ticket, sent.seq)
    with pytest.raises(Conflict):
        stranger.says("something else", client_id=sent.client_id)
    assert Message.objects.filter(client_id=sent.client_id).count() == 1


def test_a_repeat_after_joining_is_noticed_on_the_fast_path_too(browser, stranger):
    sent = browser.says("sent before signing in")
    join_history(anonymous=browser.customer, verified=stranger.customer)
    Customer.objects.filter(pk=browser.customer.pk).update(joined_into=stranger.customer)
    draft = replace(stranger.draft("sent before signing in", sent.client_id), earlier_selves=(browser.customer.pk,))
    (again,) = post_customer_messages([draft])
    assert (again.repeat, again.ticket, again.seq) == (True, sent.ticket, sent.seq)
    assert Message.objects.filter(client_id=sent.client_id).count() == 1


def test_a_repeat_of_a_ticket_under_another_key_is_no_conflict(browser, stranger):
    """After joining, a customer's tickets may be sealed under different keys, and so the digests differ."""
    sent = stranger.says("asked under my own key")
    Ticket.objects.update(status="closed")
    browser.says("written before signing in")
    join_history(anonymous=browser.customer, verified=stranger.customer)
    (answer,) = post_customer_messages([stranger.draft("asked under my own key", sent.client_id)])
    assert isinstance(answer, NeedsOrdinary)
    assert stranger.says("asked under my own key", client_id=sent.client_id).repeat


def test_what_is_under_way_while_histories_join_is_tried_again(browser, stranger):
    """A socket that still speaks for the anonymous customer is closed within moments; until then nothing is refused for good."""
    browser.says("before")
    join_history(anonymous=browser.customer, verified=stranger.customer)
    Customer.objects.filter(pk=browser.customer.pk).update(joined_into=stranger.customer)
    with pytest.raises(TransientError):
        browser.says("under way")
    assert Message.objects.filter(ticket__customer=browser.customer).count() == 0


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

"""The ordinary path: opening, reopening, following up, refusing."""

from uuid import uuid4

import pytest

from core.errors import Conflict, Refused
from tests.cast import make_browser, numbers_of
from tickets.models import Message, Ticket
from tickets.selectors import public_thread_of, queue_place

pytestmark = pytest.mark.django_db

SEED = "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about"


def test_the_first_message_opens_a_ticket_with_the_assistant(browser):
    posted = browser.says("where is my deposit", language="tr")
    ticket = browser.ticket()
    assert (posted.seq, posted.ticket) == (1, ticket.public_id)
    assert (ticket.status, ticket.channel, ticket.language, ticket.assignee) == ("bot", "chat", "tr", None)
    assert ticket.waiting_since == Message.objects.get().created_at


def test_a_repeated_first_message_opens_nothing_new(browser):
    used = browser.says("hello").client_id
    again = browser.says("hello", used)
    assert (again.repeat, Ticket.objects.count(), Message.objects.count()) == (True, 1, 1)


def test_a_repeat_after_the_ticket_closed_opens_nothing_new(browser):
    used = browser.says("hello").client_id
    Ticket.objects.update(status="closed")
    again = browser.says("hello", used)
    assert (again.repeat, Ticket.objects.count()) == (True, 1)


def test_other_text_under_a_used_id_is_a_conflict(browser):
    used = browser.says("hello").client_id
    with pytest.raises(Conflict) as refusal:
        browser.says("something else", used)
    assert refusal.value.code == "conflict"
    assert Message.objects.count() == 1


@pytest.mark.parametrize(
    ("body", "code"),
    [("", "empty"), ("  \n ", "empty"), ("x" * 5001, "too_long"), ("a\x00b", "bad_text"), ("\ud800", "bad_text")],
)
def test_text_that_cannot_be_stored_is_refused_and_opens_nothing(browser, body, code):
    with pytest.raises(Refused) as refusal:
        browser.says(body)
    assert refusal.value.code == code
    assert Ticket.objects.count() == 0


def test_a_solved_ticket_goes_back_to_its_agent_if_the_agent_is_here(browser, owner):
    browser.says("first")
    Ticket.objects.update(status="solved", assignee=owner)
    browser.says("it is not solved")
    ticket = browser.ticket()
    assert (ticket.status, ticket.assignee) == ("assigned", owner)
    assert numbers_of(ticket) == ([1, 2, 3], [1, 2, 3])
    assert Message.objects.get(seq=2).activity == "assigned"


def test_a_solved_ticket_queues_if_its_agent_is_gone(browser, owner, published):
    browser.says("first")
    Ticket.objects.update(status="solved", assignee=owner)
    type(owner).objects.update(heartbeat_at=None)
    published.clear()
    browser.says("it is not solved")
    ticket = browser.ticket()
    assert (ticket.status, ticket.assignee) == ("queued", None)
    assert ("ticket_handed_over", (ticket.team_id,)) in published.events()


def test_a_closed_ticket_is_followed_by_a_new_one(browser):
    browser.says("first")
    Ticket.objects.update(status="closed")
    browser.says("something new")
    ticket = browser.ticket()
    assert Ticket.objects.count() == 2
    assert ticket.follow_up_of == Ticket.objects.order_by("pk")[0]


def test_a_seed_phrase_is_gone_before_anything_is_stored(browser):
    posted = browser.says(f"my phrase is {SEED} please help")
    (entry,) = public_thread_of(browser.ticket(), after=0)
    assert posted.scrubbed == ("seed_phrase",)
    assert entry.body == "my phrase is [removed: seed_phrase] please help"
    assert entry.scrubbed == ("seed_phrase",)


def test_asking_for_a_human_queues_in_one_step(browser, published):
    browser.says("first")
    published.clear()
    posted = browser.asks_for_human()
    ticket = browser.ticket()
    assert (posted.seq, ticket.status, ticket.queued_at) == (2, "queued", Message.objects.get(seq=2).created_at)
    assert queue_place(ticket).position == 1
    assert published.events() == [("ticket_handed_over", (ticket.team_id,))]


def test_asking_for_a_human_without_a_chat_opens_one(browser):
    browser.asks_for_human()
    assert browser.ticket().status == "queued"


def test_asking_twice_keeps_the_place_and_a_repeat_adds_nothing(browser, owner):
    browser.asks_for_human(client_id := uuid4())
    queued_at = browser.ticket().queued_at
    second = browser.asks_for_human(other := uuid4())
    assert (second.seq, browser.ticket().queued_at) == (2, queued_at)
    assert browser.asks_for_human(client_id).seq == 1
    assert browser.asks_for_human(other).seq == 2
    assert Message.objects.count() == 2


def test_places_in_the_queue_are_first_come_first_served(site):
    browsers = [make_browser(site) for _ in range(3)]
    for browser in browsers:
        browser.asks_for_human()
    assert [queue_place(browser.ticket()).position for browser in browsers] == [1, 2, 3]

"""What agents do: owner, colleague, outsider."""

from uuid import uuid4

import pytest

from core.errors import Conflict, NotAllowed, NotFound, Refused
from tests.cast import make_agent, numbers_of
from tickets.actions.agents import assign_ticket, post_agent_message, set_status
from tickets.models import Message, Ticket
from tickets.selectors import public_thread_of, queue_counts, queue_for, thread_of, ticket_for

pytestmark = pytest.mark.django_db


@pytest.fixture
def ticket(browser, owner):
    browser.says("where is my deposit")
    browser.asks_for_human()
    assign_ticket(user=owner.user, ticket=browser.ticket().public_id)
    return browser.ticket()


def answer(agent, ticket, body="Your funds are safe.", **more):
    known = {"client_id": uuid4(), "seen_seq": ticket.last_seq, **more}
    return post_agent_message(user=agent.user, ticket=ticket.public_id, body=body, **known)


def test_an_answer_reaches_the_customer_and_ends_the_wait(browser, owner, ticket):
    posted = answer(owner, ticket)
    (entry,) = public_thread_of(browser.ticket(), after=3)
    assert (posted.seq, entry.body, entry.author_kind, entry.author_name) == (
        4,
        "Your funds are safe.",
        "agent",
        owner.user.display_name,
    )
    assert browser.ticket().waiting_since is None


def test_a_note_is_never_public(browser, owner, ticket, published):
    published.clear()
    posted = answer(owner, ticket, "check the second review", kind="note")
    assert (posted.seq, browser.ticket().last_public_seq, browser.ticket().last_seq) == (4, 3, 4)
    assert [entry.body for entry in public_thread_of(browser.ticket(), after=0)] == ["where is my deposit", "", ""]
    assert published.groups() == [f"t:{ticket.public_id}"]
    assert thread_of(browser.ticket(), after=3)[0].body == "check the second review"


def test_public_numbers_stay_dense_around_notes(browser, owner, ticket):
    answer(owner, ticket, "a note", kind="note")
    answer(owner, browser.ticket(), "an answer")
    browser.says("thank you")
    assert numbers_of(browser.ticket()) == ([1, 2, 3, 4, 5, 6], [1, 2, 3, 4, 5])


def test_an_answer_is_refused_with_what_was_missed(browser, owner, ticket):
    seen = ticket.last_seq
    browser.says("wait, I found it")
    with pytest.raises(Conflict) as refusal:
        answer(owner, ticket, seen_seq=seen)
    assert refusal.value.code == "thread_moved"
    assert [frame["body"] for frame in refusal.value.facts["missed"]] == ["wait, I found it"]
    assert Message.objects.filter(kind="agent").count() == 0


def test_an_answer_goes_through_when_forced(browser, owner, ticket):
    seen = ticket.last_seq
    browser.says("wait, I found it")
    assert answer(owner, ticket, seen_seq=seen, force=True).seq == 5


def test_a_note_is_not_refused_when_the_thread_moved(browser, owner, ticket):
    seen = ticket.last_seq
    browser.says("one more thing")
    assert answer(owner, ticket, kind="note", seen_seq=seen).seq == 5


def test_a_repeat_is_stored_once_and_other_text_is_a_conflict(owner, ticket):
    client_id = uuid4()
    first = answer(owner, ticket, client_id=client_id)
    again = answer(owner, ticket, client_id=client_id)
    assert (again.seq, again.repeat) == (first.seq, True)
    with pytest.raises(Conflict):
        answer(owner, ticket, "other", client_id=client_id)
    assert Message.objects.filter(kind="agent").count() == 1


def test_a_colleague_may_note_but_not_answer(colleague, ticket):
    with pytest.raises(NotAllowed) as refusal:
        answer(colleague, ticket)
    assert refusal.value.code == "not_yours"
    assert answer(colleague, ticket, kind="note").seq == 4


def test_a_lead_may_step_in(site, ticket):
    lead = make_agent("lead@desk.example", role="lead")
    assert answer(lead, ticket).seq == 4


def test_an_outsider_finds_nothing_and_changes_nothing(outsider, ticket):
    for attempt in (
        lambda: answer(outsider, ticket),
        lambda: answer(outsider, ticket, kind="note"),
        lambda: assign_ticket(user=outsider.user, ticket=ticket.public_id),
        lambda: set_status(user=outsider.user, ticket=ticket.public_id, status="solved"),
        lambda: ticket_for(outsider.user, ticket.public_id),
    ):
        with pytest.raises(NotFound):
            attempt()
    assert Message.objects.count() == 3
    assert queue_for(outsider.user, "all") == []
    assert queue_counts(outsider.user) == {"mine": 0, "unassigned": 0, "all": 0}


def test_an_answer_to_a_waiting_ticket_takes_it(browser, owner, colleague):
    browser.says("hello")
    browser.asks_for_human()
    answer(colleague, browser.ticket())
    ticket = browser.ticket()
    assert (ticket.status, ticket.assignee) == ("assigned", colleague)


def test_assigning_passes_it_on_and_tells_both(browser, owner, colleague, ticket, published):
    published.clear()
    assign_ticket(user=owner.user, ticket=ticket.public_id, assignee_id=colleague.pk)
    assert browser.ticket().assignee == colleague
    assert {f"a:{owner.pk}", f"a:{colleague.pk}"} <= set(published.groups())
    assert published.events() == [("capacity_freed", (ticket.team_id,))]


def test_assigning_to_someone_outside_the_team_is_refused(browser, owner, outsider, ticket):
    with pytest.raises(NotFound):
        assign_ticket(user=owner.user, ticket=ticket.public_id, assignee_id=outsider.pk)
    assert browser.ticket().assignee == owner


@pytest.mark.parametrize(("status", "assignee"), [("waiting", True), ("solved", True), ("queued", False)])
def test_states_follow_their_rules(browser, owner, ticket, status, assignee):
    set_status(user=owner.user, ticket=ticket.public_id, status=status)
    moved = browser.ticket()
    assert (moved.status, moved.assignee is not None) == (status, assignee)
    before = Message.objects.count()
    set_status(user=owner.user, ticket=ticket.public_id, status=status)
    assert Message.objects.count() == before


def test_only_a_lead_closes_and_a_closed_ticket_takes_no_answer(site, owner, ticket):
    with pytest.raises(NotAllowed):
        set_status(user=owner.user, ticket=ticket.public_id, status="closed")
    lead = make_agent("lead@desk.example", role="lead")
    set_status(user=lead.user, ticket=ticket.public_id, status="closed")
    with pytest.raises(Refused) as refusal:
        answer(lead, Ticket.objects.get())
    assert refusal.value.code == "ticket_closed"


def test_the_queue_costs_a_fixed_number_of_queries(browser, stranger, owner, ticket, django_assert_num_queries):
    stranger.says("and I?")
    stranger.asks_for_human()
    user = type(owner).objects.select_related("user").get(pk=owner.pk).user
    with django_assert_num_queries(2):
        rows = queue_for(user, "all")
    assert [row.status for row in rows] == ["assigned", "queued"]
    assert rows[0].preview == "where is my deposit"
    assert queue_counts(user) == {"mine": 1, "unassigned": 1, "all": 2}


def test_nothing_is_solved_over_a_question_that_was_not_read(browser, owner, ticket):
    answer(owner, ticket)
    ticket.refresh_from_db()
    read_up_to = ticket.last_seq
    browser.says("One more thing")
    for status in ("solved", "waiting"):
        with pytest.raises(Conflict) as refused:
            set_status(user=owner.user, ticket=ticket.public_id, status=status, seen_seq=read_up_to)
        assert refused.value.code == "thread_moved"
    ticket.refresh_from_db()
    assert (ticket.status, ticket.waiting_since is None) == ("assigned", False)
    set_status(user=owner.user, ticket=ticket.public_id, status="queued", seen_seq=read_up_to)
    set_status(user=owner.user, ticket=ticket.public_id, status="solved", seen_seq=ticket.last_seq)
    ticket.refresh_from_db()
    assert ticket.status == "solved"


def test_a_ticket_never_goes_on_with_somebody_who_is_gone(owner, colleague, outsider, ticket):
    answer(owner, ticket)
    set_status(user=owner.user, ticket=ticket.public_id, status="solved")
    type(owner.user).objects.filter(pk=owner.pk).update(is_active=False)
    with pytest.raises(NotFound) as refused:
        set_status(user=colleague.user, ticket=ticket.public_id, status="assigned")
    assert refused.value.code == "agent_not_found"
    ticket.refresh_from_db()
    assert ticket.status == "solved"

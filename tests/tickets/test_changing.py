"""Corrections and removals: always a row of their own, dense, sealed; a removal leaves no copy behind."""

from uuid import uuid4

import pytest

from core.audit.models import Entry as AuditEntry
from core.errors import NotAllowed, NotFound, Refused
from tests.cast import make_agent, numbers_of
from tickets.actions.agents import assign_ticket, post_agent_message
from tickets.actions.changing import edit_message, redact_message
from tickets.actions.messages import post_customer_messages
from tickets.models import Message, MessageRevision
from tickets.rendering import public_frame
from tickets.selectors import public_thread_of, queue_for, thread_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def ticket(browser, owner):
    browser.says("my account is empty")
    assign_ticket(user=owner.user, ticket=browser.ticket().public_id)
    post_agent_message(
        user=owner.user, ticket=browser.ticket().public_id, client_id=uuid4(), body="Send 2 BTC", seen_seq=9
    )
    return browser.ticket()


@pytest.fixture
def lead(site):
    return make_agent("lead@desk.example", role="lead")


def test_a_correction_is_a_public_row_that_resume_replays(browser, owner, ticket):
    edit_message(user=owner.user, ticket=ticket.public_id, seq=3, body="Send nothing to anybody")
    frames = [public_frame(entry) for entry in public_thread_of(browser.ticket(), after=2)]
    assert [frame["type"] for frame in frames] == ["message", "changed"]
    assert frames[0]["body"] == "Send nothing to anybody"
    assert {name: frames[1][name] for name in ("seq", "of", "revision", "body")} == {
        "seq": 4,
        "of": 3,
        "revision": 1,
        "body": "Send nothing to anybody",
    }
    assert numbers_of(browser.ticket()) == ([1, 2, 3, 4], [1, 2, 3, 4])
    assert MessageRevision.objects.count() == 1


def test_a_correction_of_the_newest_words_is_the_new_preview(owner, ticket):
    edit_message(user=owner.user, ticket=ticket.public_id, seq=3, body="Send nothing to anybody")
    assert queue_for(owner.user, "mine")[0].preview == "Send nothing to anybody"


def test_a_message_that_is_sent_again_after_its_removal_stays_removed(browser, lead, ticket):
    first = Message.objects.get(seq=1)
    redact_message(user=lead.user, ticket=ticket.public_id, seq=1, reason="a customer's document")
    again = browser.says("my account is empty", first.client_id)
    (fast,) = post_customer_messages([browser.draft("my account is empty", first.client_id)])
    assert [(posted.seq, posted.repeat) for posted in (again, fast)] == [(1, True), (1, True)]
    assert thread_of(browser.ticket(), limit=1)[0].body == ""


def test_the_same_text_again_adds_nothing(owner, ticket):
    edit_message(user=owner.user, ticket=ticket.public_id, seq=3, body="Send 2 BTC")
    assert Message.objects.count() == 3


def test_nobody_corrects_the_words_of_others(colleague, lead, owner, ticket):
    for user, seq in ((colleague.user, 3), (lead.user, 3), (owner.user, 1)):
        with pytest.raises(NotAllowed):
            edit_message(user=user, ticket=ticket.public_id, seq=seq, body="other words")
    assert Message.objects.count() == 3


def test_a_removal_leaves_a_place_and_no_words_anywhere(browser, owner, lead, ticket):
    edit_message(user=owner.user, ticket=ticket.public_id, seq=3, body="Send 3 BTC")
    redact_message(user=lead.user, ticket=ticket.public_id, seq=3, reason="wrong advice")
    frames = [public_frame(entry) for entry in public_thread_of(browser.ticket(), after=2)]
    assert [(frame["type"], frame["body"]) for frame in frames] == [
        ("message", None),
        ("changed", None),
        ("changed", None),
    ]
    assert [entry.body for entry in thread_of(browser.ticket(), after=2)] == ["", "", ""]
    assert MessageRevision.objects.count() == 0
    assert {bytes(row.body) + bytes(row.digest) for row in Message.objects.filter(seq__in=[3, 4])} == {b""}
    assert queue_for(owner.user, "mine")[0].preview == ""
    assert numbers_of(browser.ticket())[1] == [1, 2, 3, 4, 5]


def test_a_removal_is_audited_with_its_reason_and_a_repeat_is_not(lead, ticket):
    for _time in range(2):
        redact_message(user=lead.user, ticket=ticket.public_id, seq=1, reason="a customer's document")
    entry = AuditEntry.objects.get(action="message_redacted")
    assert (entry.object_id, entry.reason) == (f"{ticket.public_id}/1", "a customer's document")
    assert Message.objects.filter(activity="changed").count() == 1


def test_a_removed_message_cannot_be_corrected(owner, lead, ticket):
    redact_message(user=lead.user, ticket=ticket.public_id, seq=3, reason="wrong advice")
    with pytest.raises(Refused) as refusal:
        edit_message(user=owner.user, ticket=ticket.public_id, seq=3, body="again")
    assert refusal.value.code == "message_removed"


def test_who_may_not_remove_changes_nothing(owner, outsider, lead, ticket):
    with pytest.raises(NotAllowed):
        redact_message(user=owner.user, ticket=ticket.public_id, seq=1, reason="because")
    with pytest.raises(NotFound):
        redact_message(user=outsider.user, ticket=ticket.public_id, seq=1, reason="because")
    with pytest.raises(NotFound):
        redact_message(user=lead.user, ticket=ticket.public_id, seq=2, reason="an activity line is no message")
    with pytest.raises(Refused):
        redact_message(user=lead.user, ticket=ticket.public_id, seq=1, reason=" ")
    assert Message.objects.count() == 3


def test_a_correction_of_a_note_stays_private(browser, owner, ticket):
    post_agent_message(
        user=owner.user, ticket=ticket.public_id, client_id=uuid4(), body="a note", kind="note", seen_seq=9
    )
    edit_message(user=owner.user, ticket=ticket.public_id, seq=4, body="a better note")
    assert browser.ticket().last_public_seq == 3
    assert [entry.body for entry in thread_of(browser.ticket(), after=3)] == ["a better note", "a better note"]

"""Correcting and removing what was said: who may, what the pages offer, what stays private."""

import re

import pytest
from django.test import Client

from core.audit.models import Entry as AuditEntry
from tickets.models import Message, MessageRevision
from tickets.rendering import public_frame
from tickets.selectors import public_thread_of, thread_of


@pytest.fixture
def answered(owner, held):
    """The owner's ticket: words (1), two lines (2, 3), an answer (4) and a note (5)."""
    owner.says(held, "Send 2 BTC")
    owner.says(held, "Looks like a name mismatch.", kind="note")
    held.refresh_from_db()
    return held


def edit(seq):
    return f"entries/{seq}/edit"


def redact(seq):
    return f"entries/{seq}/redact"


def form(console, ticket, what):
    return console.client.get(f"/console/tickets/{ticket.public_id}/{what}")


def plain_post(console, ticket, what, data):
    return console.client.post(f"/console/tickets/{ticket.public_id}/{what}", data)


def links(console, ticket):
    """What the menus of the page's entries offer, as (number, what)."""
    page = console.page(ticket).content.decode().split("<template data-entry-menu>")[0]
    return [(int(seq), what) for seq, what in re.findall(r'/entries/(\d+)/(edit|redact)"', page)]


def bodies(ticket):
    return {entry.seq: entry.body for entry in thread_of(ticket) if entry.kind != "activity"}


def test_an_author_corrects_an_answer_once(owner, answered, customer):
    first = owner.post(answered, edit(4), {"body": "Send nothing\r\nto anybody \n"})
    again = owner.post(answered, edit(4), {"body": "Send nothing\nto anybody"})
    assert (first.status_code, again.status_code) == (201, 200)
    assert (first.json()["type"], first.json()["seq"]) == ("ack", 5)
    change = public_frame(public_thread_of(customer.ticket(), after=4)[0])
    assert {name: change[name] for name in ("type", "seq", "of", "revision", "body")} == {
        "type": "changed",
        "seq": 5,
        "of": 4,
        "revision": 1,
        "body": "Send nothing\nto anybody",
    }
    assert len(public_thread_of(customer.ticket(), after=4)) == 1


def test_a_note_never_becomes_public_by_a_correction_or_removal(owner, lead, answered, customer):
    before = [public_frame(entry) for entry in public_thread_of(customer.ticket(), after=0)]
    assert owner.post(answered, edit(5), {"body": "It is a name mismatch."}).status_code == 201
    assert lead.post(answered, redact(5), {"reason": "names a person"}).status_code == 201
    assert [public_frame(entry) for entry in public_thread_of(customer.ticket(), after=0)] == before
    assert bodies(answered)[5] == ""


def test_nobody_corrects_the_words_of_others(owner, colleague, lead, answered):
    for who, seq in ((colleague, 4), (lead, 4), (owner, 1)):
        answer = who.post(answered, edit(seq), {"body": "other words"})
        assert (answer.status_code, answer.json()["code"]) == (403, "not_your_words")
        assert form(who, answered, edit(seq)).status_code == 403
    assert bodies(answered) == {1: "My withdrawal has not arrived.", 4: "Send 2 BTC", 5: "Looks like a name mismatch."}


def test_only_a_lead_removes_words_and_the_reason_is_kept(owner, colleague, lead, answered):
    for who in (owner, colleague):
        answer = who.post(answered, redact(1), {"reason": "because"})
        assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")
        assert form(who, answered, redact(1)).status_code == 403
    owner.post(answered, edit(4), {"body": "Send 3 BTC"})
    first = lead.post(answered, redact(4), {"reason": "wrong advice"})
    again = lead.post(answered, redact(4), {"reason": "wrong advice"})
    assert (first.status_code, again.status_code) == (201, 200)
    assert bodies(answered) == {1: "My withdrawal has not arrived.", 4: "", 5: "Looks like a name mismatch."}
    assert MessageRevision.objects.count() == 0
    assert AuditEntry.objects.get(action="message_redacted").reason == "wrong advice"


@pytest.mark.parametrize("what", ["edit", "redact"])
def test_a_stranger_finds_nothing_and_changes_nothing(outsider, answered, what):
    count = Message.objects.count()
    answer = outsider.post(answered, f"entries/4/{what}", {"body": "x", "reason": "x"})
    assert (answer.status_code, answer.json()["code"]) == (404, "ticket_not_found")
    assert form(outsider, answered, f"entries/4/{what}").status_code == 404
    assert Message.objects.count() == count


@pytest.mark.parametrize("seq", [0, 2, 99, 10**12])
def test_what_is_no_message_is_not_found(lead, answered, seq):
    for what in (edit(seq), redact(seq)):
        answer = lead.post(answered, what, {"body": "x", "reason": "x"})
        assert (answer.status_code, answer.json()["code"]) == (404, "message_not_found")
        assert form(lead, answered, what).status_code == 404


def test_who_is_not_signed_in_or_sends_no_token_changes_nothing(owner, answered):
    path = f"/console/tickets/{answered.public_id}/{edit(4)}"
    assert Client().post(path, {"body": "x"}, headers={"accept": "application/json"}).status_code == 401
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = owner.client.cookies
    assert strict.post(path, {"body": "x"}).status_code == 403
    assert bodies(answered)[4] == "Send 2 BTC"


def test_the_page_offers_each_person_what_they_may_do(owner, colleague, lead, answered):
    assert links(owner, answered) == [(4, "edit"), (5, "edit")]
    assert links(colleague, answered) == []
    assert links(lead, answered) == [(1, "redact"), (4, "redact"), (5, "redact")]
    lead.post(answered, redact(4), {"reason": "wrong advice"})
    assert links(owner, answered) == [(5, "edit")]
    assert links(lead, answered) == [(1, "redact"), (5, "redact")]


def test_scripts_may_offer_a_removal_only_to_those_who_may(owner, lead, answered):
    for who, offered in ((owner, ["edit"]), (lead, ["edit", "redact"])):
        template = who.page(answered).content.decode().split("<template data-entry-menu>")[1].split("</template>")[0]
        assert re.findall(r'data-change="(\w+)"', template) == offered


def test_without_script_a_correction_is_a_page_that_leads_back(owner, answered):
    page = form(owner, answered, edit(4)).content.decode()
    assert "Correct your answer" in page
    assert "\nSend 2 BTC</textarea>" in page
    assert "The customer sees the new text" in page
    answer = plain_post(owner, answered, edit(4), {"body": "Send nothing"})
    assert (answer.status_code, answer.url) == (302, f"/console/tickets/{answered.public_id}/#entry-4")
    assert 'id="entry-4"' in owner.page(answered).content.decode()
    assert "Agents see the new text" in form(owner, answered, edit(5)).content.decode()


def test_without_script_a_refusal_keeps_what_was_written(owner, lead, answered):
    refused = plain_post(owner, answered, edit(4), {"body": "<" * 5001})
    assert refused.status_code == 422
    assert "&lt;" * 5001 + "</textarea>" in refused.content.decode()
    assert 'class="problem"' in refused.content.decode()
    refused = plain_post(lead, answered, redact(4), {"reason": " "})
    assert (refused.status_code, bodies(answered)[4]) == (422, "Send 2 BTC")
    assert "deleted for good" in refused.content.decode()


def test_the_form_of_a_removal_says_what_happens(lead, answered):
    page = form(lead, answered, redact(1)).content.decode()
    for sentence in (
        "My withdrawal has not arrived.",
        "earlier versions",
        "The place in the thread stays",
        "are recorded",
    ):
        assert sentence in page
    assert "The customer sees this too." in page
    assert "The customer sees this too." not in form(lead, answered, redact(5)).content.decode()


def test_a_removed_entry_has_no_forms(owner, lead, answered):
    lead.post(answered, redact(4), {"reason": "wrong advice"})
    for who, what in ((owner, edit(4)), (lead, redact(4))):
        refused = form(who, answered, what)
        assert refused.status_code == 422
        assert "This message was removed." in refused.content.decode()
        assert "<textarea" not in refused.content.decode()
    answer = owner.post(answered, edit(4), {"body": "again"})
    assert (answer.status_code, answer.json()["code"]) == (422, "message_removed")

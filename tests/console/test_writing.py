"""What agents do by POST: answer, note, take, finish, come and go."""

from uuid import uuid4

from django.test import Client

from accounts.choices import Presence
from tests.console.people import JSON
from tickets.models import Message, Ticket
from tickets.selectors import public_thread_of


def public_bodies(customer):
    return [entry.body for entry in public_thread_of(customer.ticket(), after=0) if entry.body]


def test_an_answer_is_stored_once_however_often_it_is_sent(owner, held, customer):
    client_id = uuid4()
    first = owner.says(held, "I am looking at it.", client_id=client_id)
    again = owner.says(held, "I am looking at it.", client_id=client_id)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert public_bodies(customer) == ["My withdrawal has not arrived.", "I am looking at it."]


def test_other_text_under_a_used_id_is_a_conflict(owner, held):
    client_id = uuid4()
    owner.says(held, "first", client_id=client_id)
    answer = owner.says(held, "second", client_id=client_id)
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")


def test_a_note_is_never_public(owner, held, customer):
    answer = owner.says(held, "Looks like a name mismatch.", kind="note")
    assert answer.status_code == 201
    note = Message.objects.get(ticket=held, kind="note")
    assert note.public_seq is None
    assert public_bodies(customer) == ["My withdrawal has not arrived."]
    page = owner.page(held).content.decode()
    assert "Looks like a name mismatch." in page
    assert "entry-note" in page
    assert "Note: only agents see this" in page


def test_a_thread_that_moved_on_refuses_the_answer_and_shows_what_was_missed(owner, held, customer):
    seen = held.last_seq
    customer.says("It is urgent now.")
    refused = owner.says(held, "Everything is fine.", seen_seq=seen)
    assert (refused.status_code, refused.json()["code"]) == (409, "thread_moved")
    assert [frame["body"] for frame in refused.json()["missed"]] == ["It is urgent now."]
    assert public_bodies(customer)[-1] == "It is urgent now."
    forced = owner.says(held, "Everything is fine.", seen_seq=seen, force="on")
    assert forced.status_code == 201
    assert public_bodies(customer)[-1] == "Everything is fine."


def test_without_script_the_refusal_is_a_page_that_keeps_the_text(owner, held, customer):
    customer.says("It is urgent now.")
    client_id = uuid4()
    data = {"client_id": client_id, "body": "Everything is <fine>.", "kind": "agent", "seen_seq": 1}
    answer = owner.client.post(f"/console/tickets/{held.public_id}/messages", data)
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "Nothing was sent, your text is kept." in page
    assert "Everything is &lt;fine&gt;.</textarea>" in page
    assert f'name="client_id" value="{client_id}"' in page
    assert 'name="force"' in page


def test_without_script_an_answer_leads_back_to_the_thread(owner, held):
    data = {"client_id": uuid4(), "body": "Hello.", "kind": "agent", "seen_seq": held.last_seq}
    answer = owner.client.post(f"/console/tickets/{held.public_id}/messages", data)
    assert answer.status_code == 302
    assert answer.url == f"/console/tickets/{held.public_id}/#newest"


def test_a_form_that_does_not_fit_is_refused_by_name(owner, held):
    answer = owner.post(held, "messages", {"body": "x", "kind": "customer", "seen_seq": "-1"})
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_form")
    assert answer.json()["fields"] == ["client_id", "kind", "seen_seq"]


def test_an_empty_answer_is_refused(owner, held):
    answer = owner.says(held, " \n ")
    assert (answer.status_code, answer.json()["code"]) == (422, "empty")


def test_a_colleague_writes_notes_but_no_answers_into_a_ticket_that_is_not_theirs(colleague, held, customer):
    answer = colleague.says(held, "Hello.")
    assert (answer.status_code, answer.json()["code"]) == (403, "not_yours")
    assert colleague.says(held, "I know this one.", kind="note").status_code == 201
    assert public_bodies(customer) == ["My withdrawal has not arrived."]


def test_taking_solving_and_putting_back(owner, queued):
    assert owner.post(queued, "assign").status_code == 200
    queued.refresh_from_db()
    assert (queued.status, queued.assignee_id) == ("assigned", owner.agent.pk)
    assert owner.post(queued, "status", {"status": "queued"}).status_code == 200
    queued.refresh_from_db()
    assert (queued.status, queued.assignee_id) == ("queued", None)
    assert owner.post(queued, "status", {"status": "solved"}).status_code == 200
    assert Ticket.objects.get(pk=queued.pk).status == "solved"
    refused = owner.post(queued, "status", {"status": "bot"})
    assert (refused.status_code, refused.json()["code"]) == (422, "bad_form")


def test_the_page_solves_only_what_its_reader_has_seen(owner, held, customer):
    page = owner.page(held).content.decode()
    seen = held.messages.latest("seq").seq
    assert page.count(f'name="seen_seq" value="{seen}"') == 3  # the composer, the button, the menu
    customer.says("One more thing")
    refused = owner.post(held, "status", {"status": "solved", "seen_seq": seen})
    assert (refused.status_code, refused.json()["code"]) == (409, "thread_moved")
    assert Ticket.objects.get(pk=held.pk).status == "assigned"


def test_forms_without_the_csrf_token_do_nothing(owner, held):
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = owner.client.cookies
    answer = strict.post(f"/console/tickets/{held.public_id}/status", {"status": "solved"})
    assert answer.status_code == 403
    assert Ticket.objects.get(pk=held.pk).status == "assigned"


def test_presence_changes_by_the_toggle_alone(owner):
    owner.client.post("/console/presence/", {"presence": "off"})
    owner.client.get("/console/")
    owner.agent.refresh_from_db()
    assert owner.agent.presence == Presence.OFF
    assert "Go on shift" in owner.client.get("/console/").content.decode()
    answer = owner.client.post("/console/presence/", {"presence": "online"}, headers=JSON)
    assert answer.json() == {"presence": "online"}
    owner.agent.refresh_from_db()
    assert owner.agent.presence == Presence.ONLINE
    assert "Go on shift" not in owner.client.get("/console/").content.decode()


def test_reading_clears_the_mark_in_the_queue(owner, held, customer):
    customer.says("Are you there?")
    assert "data-unread" in owner.client.get("/console/rows/").content.decode()
    held.refresh_from_db()
    assert owner.post(held, "read", {"public_seq": held.last_public_seq}).status_code == 204
    assert "data-unread" not in owner.client.get("/console/rows/").content.decode()


def test_entries_after_a_number_are_what_the_socket_would_have_sent(owner, held, customer):
    owner.says(held, "a note", kind="note")
    answer = owner.entries(held, after=1).json()
    assert [entry["seq"] for entry in answer["entries"]] == [2, 3, 4]
    assert [entry["type"] for entry in answer["entries"]] == ["activity", "activity", "note"]
    assert (answer["last_seq"], answer["status"], answer["more"]) == (4, "assigned", False)
    assert owner.entries(held, after="x").json()["entries"][0]["seq"] == 1

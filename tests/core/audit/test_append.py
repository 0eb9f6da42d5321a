import threading
from datetime import UTC, datetime
from hashlib import sha256

import psycopg
import pytest
from django.db import ProgrammingError, connection, transaction

from core.audit.actions import SYSTEM, append
from core.audit.chain import GENESIS, audit_key, encode, mac_of, plain_facts
from core.audit.models import Entry
from core.audit.selectors import entries_about, entries_by, latest_entries
from tests.core.audit.chain import AGENT, add, problems


@pytest.mark.django_db
def test_an_entry_says_who_did_what_to_what():
    entry = append(
        actor=AGENT, action="customer.revealed", object_kind="customer", object_id=3, facts={"n": 1}, reason="asked"
    )
    row = Entry.objects.get()
    assert (row.sequence, row.actor_kind, row.actor_id, row.role, row.address) == (1, "user", "7", "agent", "192.0.2.1")
    assert (row.action, row.object_kind, row.object_id, row.facts, row.reason) == (
        "customer.revealed", "customer", "3", {"n": 1}, "asked",
    )  # fmt: skip
    assert row.session == sha256(b"session-key").hexdigest()
    assert bytes(row.previous) == GENESIS
    assert bytes(row.mac) == mac_of(row, audit_key()) == entry.mac
    assert abs((datetime.now(UTC) - row.at).total_seconds()) < 60


@pytest.mark.django_db
def test_each_entry_is_tied_to_the_one_before():
    add(3)
    first, second, third = Entry.objects.order_by("sequence")
    assert [first.sequence, second.sequence, third.sequence] == [1, 2, 3]
    assert (bytes(second.previous), bytes(third.previous)) == (bytes(first.mac), bytes(second.mac))


def test_an_entry_stands_only_with_the_change_that_it_tells(committed_db):
    add(1)
    with transaction.atomic():
        append(actor=SYSTEM, action="undone")
        transaction.set_rollback(True)
    add(1, action="done")
    assert list(Entry.objects.order_by("sequence").values_list("sequence", "action")) == [
        (1, "customer.viewed"), (2, "done"),
    ]  # fmt: skip
    assert problems() == []


def test_outside_a_transaction_nothing_is_written(committed_db):
    with pytest.raises(transaction.TransactionManagementError):
        append(actor=SYSTEM, action="loose")
    assert Entry.objects.count() == 0


@pytest.mark.django_db
@pytest.mark.parametrize("fact", [1.5, b"x", datetime(2026, 1, 1, tzinfo=UTC), {1: "x"}, [object()]])
def test_facts_that_do_not_read_back_as_written_are_refused(fact):
    with pytest.raises(TypeError):
        append(actor=SYSTEM, action="odd", facts={"fact": fact})
    assert Entry.objects.count() == 0


@pytest.mark.django_db
def test_every_plain_fact_reads_back_and_verifies():
    facts = {"b": [1, True, None, {"é\u2028": "–\U0001f600"}], "a": 10**30, "": "", "neg": -(2**63)}
    append(actor=SYSTEM, action="odd", facts=facts)
    assert Entry.objects.get().facts == plain_facts(facts)
    assert problems() == []


def test_writers_at_once_leave_a_dense_chain(committed_db):
    def write():
        add(20)
        connection.close()

    threads = [threading.Thread(target=write) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert list(Entry.objects.order_by("sequence").values_list("sequence", flat=True)) == list(range(1, 121))
    assert problems() == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entry SET reason = 'x'",
        "DELETE FROM audit_entry",
        "TRUNCATE audit_entry",
        "DROP TABLE audit_entry",
    ],
)
def test_the_app_s_role_may_only_read_and_add(statement):
    add(2)
    with pytest.raises(ProgrammingError, match=r"permission denied|must be owner"), transaction.atomic():
        connection.cursor().execute(statement)
    assert Entry.objects.count() == 2


@pytest.mark.parametrize(
    "statement", ["UPDATE audit_entry SET reason = 'x'", "DELETE FROM audit_entry", "TRUNCATE audit_entry"]
)
@pytest.mark.parametrize("role", ["owner_url", "superuser_url"])
def test_even_the_owner_is_refused_by_the_trigger(committed_db, servers, statement, role):
    add(1)
    with (
        psycopg.connect(getattr(servers, role)) as hands,
        pytest.raises(psycopg.errors.InsufficientPrivilege, match="append-only"),
    ):
        hands.execute(statement)
    assert Entry.objects.get().reason == ""


@pytest.mark.django_db
def test_the_encoding_has_one_spelling_for_one_meaning():
    one = Entry(sequence=1, at=datetime(2026, 1, 1, tzinfo=UTC), action="ab", object_kind="c", previous=GENESIS)
    two = Entry(sequence=1, at=datetime(2026, 1, 1, tzinfo=UTC), action="a", object_kind="bc", previous=GENESIS)
    assert encode(one) != encode(two)
    one.facts, two.facts = {"a": 1, "b": 2}, {"b": 2, "a": 1}
    two.action, two.object_kind = "ab", "c"
    assert encode(one) == encode(two)


@pytest.mark.django_db
def test_auditors_read_newest_first_and_page_by_number():
    add(5)
    append(actor=SYSTEM, action="key.rotated", object_kind="key", object_id="k")
    assert [entry.sequence for entry in latest_entries(limit=2)] == [6, 5]
    assert [entry.sequence for entry in latest_entries(before=5, limit=2)] == [4, 3]
    assert [entry.sequence for entry in latest_entries(action="key.rotated")] == [6]
    assert [entry.object_id for entry in entries_about("customer", 2)] == ["2"]
    assert [entry.sequence for entry in entries_by("user", 7, before=3)] == [2, 1]

"""Ten kinds of tampering by somebody who may do everything in the database, and one command that finds each."""

import json
import os
import stat
from base64 import b64encode
from datetime import timedelta
from io import StringIO

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from core.audit import actions
from core.audit.checkpoints import Checkpoint, checkpoint, checkpoint_path, public_key, read_checkpoints
from core.audit.models import Entry
from core.audit.verification import Problem, verify_audit
from core.db import utc_now
from tests.core.audit.chain import add, kinds, problems, tamper

COLUMNS = (
    "at, actor_kind, actor_id, role, session, action, object_kind, object_id, facts, reason, address, previous, mac"
)


@pytest.fixture(autouse=True)
def _chain(committed_db, settings, tmp_path):
    settings.DATA_DIR = tmp_path
    add(6)


def save_and_clear(servers):
    """Copies the table aside and empties it; the copy outlives the test in no table that anybody empties."""
    tamper(servers, "DROP TABLE IF EXISTS aside", "CREATE TABLE aside AS TABLE audit_entry", "TRUNCATE audit_entry")


def test_an_untouched_chain_is_intact():
    checkpoint()
    add(2)
    verdict = verify_audit(now=utc_now())
    assert (verdict.entries, verdict.checkpoints, verdict.problems, verdict.is_intact) == (8, 1, [], True)


@pytest.mark.parametrize(
    "change",
    [
        "actor_id = '8'", "action = 'x'", "object_id = '9'", "facts = '{}'", "reason = 'x'", "address = ''", "role = 'admin'",
        "session = ''", "at = at + interval '1 microsecond'", "actor_kind = 'system'", "object_kind = 'x'",
    ],
)  # fmt: skip
def test_1_an_edited_entry(servers, change):
    tamper(servers, f"UPDATE audit_entry SET {change} WHERE sequence = 3")
    assert problems() == [Problem("changed", 3)]


def test_2_a_deleted_entry(servers):
    tamper(servers, "DELETE FROM audit_entry WHERE sequence = 3")
    assert problems() == [Problem("missing", 3), Problem("broken", 4)]


def test_2_a_deleted_entry_with_the_gap_closed(servers):
    tamper(
        servers,
        "DELETE FROM audit_entry WHERE sequence = 3",
        "UPDATE audit_entry SET sequence = sequence - 1 WHERE sequence > 3",
    )
    assert {Problem("broken", 3), Problem("changed", 3), Problem("changed", 5)} <= set(problems())


def test_3_an_inserted_entry(servers):
    made_up = (
        f"INSERT INTO audit_entry (sequence, {COLUMNS}) SELECT 7, clock_timestamp(), 'user', '9', '', '', 'x', '', '', '{{}}',"
        " '', '', mac, sha256('guess') FROM audit_entry WHERE sequence = 6"
    )
    tamper(servers, made_up)
    assert problems() == [Problem("changed", 7)]


def test_3_the_app_s_role_may_add_but_not_without_the_key():
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO audit_entry (sequence, {COLUMNS}) SELECT 7, clock_timestamp(), 'user', '9', '', '', 'x', '', '',"
            " '{}', '', '', mac, sha256('guess') FROM audit_entry WHERE sequence = 6"
        )
    assert problems() == [Problem("changed", 7)]


def test_4_reordered_entries(servers):
    tamper(
        servers,
        "UPDATE audit_entry SET sequence = sequence + 100 WHERE sequence BETWEEN 2 AND 4",
        "UPDATE audit_entry SET sequence = CASE sequence WHEN 102 THEN 3 WHEN 103 THEN 4 ELSE 2 END WHERE sequence > 100",
    )
    assert {Problem("changed", 2), Problem("changed", 3), Problem("changed", 4), Problem("broken", 2)} <= set(
        problems()
    )


def test_5_swapped_contents(servers):
    tamper(
        servers,
        "UPDATE audit_entry a SET object_id = b.object_id, at = b.at FROM audit_entry b"
        " WHERE (a.sequence, b.sequence) IN ((2, 4), (4, 2))",
    )
    assert problems() == [Problem("changed", 2), Problem("changed", 4)]


def test_6_a_cut_off_end(servers):
    checkpoint()
    tamper(servers, "DELETE FROM audit_entry WHERE sequence > 4")
    assert problems() == [Problem("truncated", 6)]


def test_6_an_empty_table(servers):
    checkpoint()
    tamper(servers, "TRUNCATE audit_entry")
    assert problems() == [Problem("truncated", 6)]


def test_7_a_fork_written_with_the_desk_s_own_key(servers):
    checkpoint()
    tamper(servers, "DELETE FROM audit_entry WHERE sequence > 4")
    add(4, action="another.story")
    assert problems() == [Problem("forked", 6)]


def test_8_a_replayed_entry(servers):
    tamper(
        servers,
        "ALTER TABLE audit_entry DROP CONSTRAINT audit_one_successor_each",
        f"INSERT INTO audit_entry (sequence, {COLUMNS}) SELECT 7, {COLUMNS} FROM audit_entry WHERE sequence = 3",
    )
    found = problems()
    tamper(
        servers,
        "DELETE FROM audit_entry WHERE sequence = 7",
        "ALTER TABLE audit_entry ADD CONSTRAINT audit_one_successor_each UNIQUE (previous)",
    )
    assert found == [Problem("broken", 7), Problem("changed", 7)]


def test_8_a_replayed_history(servers):
    """The table is put back as it was when the first checkpoint was written; the second knows better."""
    checkpoint()
    save_and_clear(servers)
    tamper(servers, "INSERT INTO audit_entry SELECT * FROM aside")
    add(3)
    checkpoint()
    tamper(servers, "TRUNCATE audit_entry", "INSERT INTO audit_entry SELECT * FROM aside", "DROP TABLE aside")
    assert problems() == [Problem("truncated", 9)]


def test_9_a_chain_signed_again_with_another_key(servers, settings):
    ours = settings.AUDIT_KEY
    tamper(servers, "TRUNCATE audit_entry")
    settings.AUDIT_KEY = b64encode(b"another key of 32 bytes, a guess").decode()
    add(6)
    settings.AUDIT_KEY = ours
    assert problems() == [Problem("changed", number) for number in range(1, 7)]


def test_9_a_chain_signed_again_with_the_desk_s_key(servers):
    checkpoint()
    tamper(servers, "TRUNCATE audit_entry")
    add(6, action="another.story")
    assert problems() == [Problem("forked", 6)]


def test_9_checkpoints_signed_with_another_key(settings):
    ours = settings.AUDIT_KEY
    settings.AUDIT_KEY = b64encode(b"another key of 32 bytes, a guess").decode()
    checkpoint()
    settings.AUDIT_KEY = ours
    assert problems() == [Problem("checkpoint", 1)]


def test_10_a_clock_turned_back_between_entries(servers, settings):
    """Entries written by the desk itself while its clock was wrong: every code is right, the time is not."""
    tamper(servers, "TRUNCATE audit_entry")
    add(2)
    turned = utc_now() - timedelta(hours=2)
    _add_at(turned)
    assert problems() == [Problem("clock", 3)]


def test_10_a_clock_turned_back_since_the_last_checkpoint(servers):
    assert checkpoint() is not None
    tamper(servers, "TRUNCATE audit_entry")
    for _ in range(7):
        _add_at(utc_now() - timedelta(hours=2))
    assert problems() == [Problem("forked", 6), Problem("clock", 7)]


def test_10_a_clock_turned_back_after_the_last_entry():
    assert problems(later=timedelta(hours=-2)) == [Problem("clock", number) for number in range(1, 7)]
    assert problems(later=timedelta(seconds=-4)) == []


def _add_at(moment):
    """One genuine entry whose time is of the tamperer's choosing."""
    with transaction.atomic():
        entry = Entry(actor_kind="user", action="x", facts={})
        actions._take_place(entry)
        entry.at = moment
        entry.mac = actions.mac_of(entry, actions.audit_key())
        entry.save(force_insert=True)


@pytest.mark.parametrize(
    "damage",
    [
        lambda lines: [lines[0].replace(b'"sequence": 6', b'"sequence": 5'), *lines[1:]],
        lambda lines: lines[1:],
        lambda lines: [lines[0], lines[2]],
        lambda lines: [lines[1], lines[0], lines[2]],
        lambda lines: [*lines, b"not json"],
        lambda lines: [*lines, b"[]"],
        lambda lines: [*lines, b'{"sequence": 99}'],
        lambda lines: [*lines, lines[2]],
    ],
)
def test_checkpoints_are_a_chain_of_their_own(damage):
    for _ in range(3):
        checkpoint()
        add(1)
    assert problems() == []
    path = checkpoint_path()
    path.write_bytes(b"\n".join(damage(path.read_bytes().splitlines())) + b"\n")
    assert "checkpoint" in kinds()


def test_a_checkpoint_is_noted_once_and_for_the_owner_s_eyes():
    made = checkpoint()
    assert made is not None
    assert (made.sequence, made.mac) == (6, bytes(Entry.objects.get(sequence=6).mac).hex())
    assert checkpoint() is None
    assert [line.checkpoint for line in read_checkpoints()] == [made]
    assert stat.S_IMODE(os.stat(checkpoint_path()).st_mode) == 0o600
    assert stat.S_IMODE(os.stat(checkpoint_path().parent).st_mode) == 0o700


def test_an_auditor_checks_a_checkpoint_with_the_public_key_alone():
    checkpoint()
    values = json.loads(checkpoint_path().read_bytes())
    signature = bytes.fromhex(values.pop("signature"))
    Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key())).verify(signature, Checkpoint(**values).signed_bytes)


def test_the_command_tells_and_notes(servers):
    told = StringIO()
    call_command("verify_audit", "--checkpoint", stdout=told)
    assert told.getvalue().splitlines()[:2] == [
        "intact: 6 entries, 0 checkpoints", f"checkpoint at 6 in {checkpoint_path()}",
    ]  # fmt: skip
    tamper(servers, "UPDATE audit_entry SET reason = 'x' WHERE sequence = 3")
    add(1)
    before = checkpoint_path().read_bytes()
    wrong = StringIO()
    with pytest.raises(CommandError) as refused:
        call_command("verify_audit", "--checkpoint", stdout=told, stderr=wrong)
    assert refused.value.returncode == 1
    assert "changed at 3" in wrong.getvalue()
    assert checkpoint_path().read_bytes() == before

"""Adding to the audit."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

from django.db import connection, transaction

from core.audit.chain import GENESIS, audit_key, mac_of, plain_facts
from core.audit.models import Entry

#: "audit" as a number: the advisory lock under which entries are numbered.
CHAIN_LOCK = int.from_bytes(b"audit", "big")


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, as plain values. ``session`` is the key or token of the sign-in; only its hash is kept."""

    kind: str
    id: str = ""
    role: str = ""
    session: str = ""
    address: str = ""

    @property
    def session_digest(self) -> str:
        """Tells two sign-ins apart without being one; session keys are random, so a plain hash hides them."""
        return sha256(self.session.encode()).hexdigest() if self.session else ""


#: The desk itself: sweepers, commands, scheduled work.
SYSTEM = Actor("system")


def append(
    *,
    actor: Actor,
    action: str,
    object_kind: str = "",
    object_id: object = "",
    facts: Mapping[str, object] | None = None,
    reason: str = "",
) -> Entry:
    """Write one entry in the caller's transaction: it stands if the caller's change stands, and only then.

    Call it last: from here to COMMIT every other entry of the desk waits, so that numbers are dense and in commit
    order. Facts never hold text of messages, secrets or keys.
    Raises: TransactionManagementError outside a transaction; TypeError for facts that do not read back as written.
    Locks: the chain's advisory lock, until the transaction ends.
    Cost: 3 queries.
    """
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("an audit entry belongs to the transaction of what it tells")
    entry = Entry(
        actor_kind=actor.kind,
        actor_id=actor.id,
        role=actor.role,
        session=actor.session_digest,
        address=actor.address,
        action=action,
        object_kind=object_kind,
        object_id=str(object_id),
        facts=plain_facts(facts or {}),
        reason=reason,
    )
    _take_place(entry)
    entry.mac = mac_of(entry, audit_key())
    entry.save(force_insert=True)
    return entry


def _take_place(entry: Entry) -> None:
    """The next number, the database's clock, and the code to tie to. The lock comes first, so that the read sees what
    it waited for.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [CHAIN_LOCK])
        cursor.execute(
            "SELECT clock_timestamp(), last.sequence, last.mac FROM (SELECT 1) AS one"
            " LEFT JOIN (SELECT sequence, mac FROM audit_entry ORDER BY sequence DESC LIMIT 1) AS last ON true"
        )
        entry.at, last, mac = cursor.fetchone()
    entry.sequence = (last or 0) + 1
    entry.previous = bytes(mac) if mac is not None else GENESIS

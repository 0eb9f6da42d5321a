"""The two set-based statements that store customers' messages in bulk: the one place where SQL replaces the ORM.

Statement 1 locks the tickets that nobody else holds. Statement 2 starts with a fresh snapshot, so under those locks it
sees every number and every client id that was committed before; it skips the ids that are stored, numbers the rest,
inserts, and moves the tickets on. Both run through Django's own cursor, which plans each time: a plan prepared on an
empty table goes bad as the table grows.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from psycopg import Cursor
from psycopg.types.json import Jsonb

from tickets.posted import CustomerDraft

LOCK = """
select id, customer_id, status, assignee_id, team_id
from tickets_ticket where id = any(%b) order by id
for no key update skip locked
"""

STORE = """
with draft as (
    select * from unnest(%b::int[], %b::bigint[], %b::bigint[], %b::uuid[], %b::bytea[], %b::bytea[], %b::bytea[],
                         %b::text[], %b::text[], %b::jsonb[], %b::text[])
        d(ord, ticket_id, author_id, client_id, body, preview, digest, assurance, language, scrubbed, selves)
), stored as (
    select d.author_id, m.client_id, m.ticket_id, m.seq, m.public_seq, m.digest, m.created_at, t.public_id as ticket
    from tickets_message m
    join draft d on m.author_kind = 'customer' and m.author_id = any(d.selves::bigint[]) and m.client_id = d.client_id
    join tickets_ticket t on t.id = m.ticket_id
), fresh as (
    select d.*, t.public_id as ticket,
           t.last_seq + row_number() over w as seq, t.last_public_seq + row_number() over w as public_seq
    from draft d join tickets_ticket t on t.id = d.ticket_id
    where not exists (select from stored s where s.author_id = d.author_id and s.client_id = d.client_id)
    window w as (partition by d.ticket_id order by d.ord)
), added as (
    insert into tickets_message (ticket_id, seq, public_seq, kind, activity, data, author_kind, author_id, client_id,
        digest, body, scrubbed, assurance, source, language, revision, created_at)
    select ticket_id, seq, public_seq, 'customer', '', '{}', 'customer', author_id, client_id,
        digest, body, scrubbed, assurance, 'chat', language, 0, statement_timestamp()
    from fresh
    returning author_id, client_id, ticket_id, seq, public_seq, digest, created_at
), moved as (
    update tickets_ticket t set
        last_seq = n.seq, last_public_seq = n.public_seq, preview = n.preview,
        status = case t.status when 'waiting' then 'assigned' else t.status end,
        waiting_since = coalesce(t.waiting_since, statement_timestamp()), updated_at = statement_timestamp()
    from (select distinct on (ticket_id) ticket_id, seq, public_seq, preview from fresh order by ticket_id, seq desc) n
    where t.id = n.ticket_id
)
select author_id, client_id, ticket_id, seq, public_seq, digest, created_at, null::uuid, false from added
union all
select author_id, client_id, ticket_id, seq, public_seq, digest, created_at, ticket, true from stored
"""


@dataclass(frozen=True, slots=True)
class LockedTicket:
    """A ticket whose row this transaction now holds."""

    customer_id: int
    status: str
    assignee_id: int | None
    team_id: int


@dataclass(frozen=True, slots=True)
class StoredRow:
    """What the database says of one client id. `ticket` is given for repeats: they may be of another ticket."""

    ticket_pk: int
    seq: int
    public_seq: int
    digest: bytes
    created_at: datetime
    ticket: UUID | None
    repeat: bool


def lock_free_tickets(ticket_pks: Iterable[int]) -> dict[int, LockedTicket]:
    """Lock those of the tickets that nobody holds, in order of id. Cost: one query. Call inside a transaction."""
    return {row[0]: LockedTicket(*row[1:]) for row in _rows(LOCK, [sorted(ticket_pks)])}


def store_drafts(drafts: Sequence[CustomerDraft]) -> dict[tuple[int, UUID], StoredRow]:
    """Store drafts of locked tickets, in order; the answer is keyed by (author, client id). Cost: one query.

    Each (author, client id) may come once. Raises: IntegrityError if another transaction stores the same id into
    another ticket at this moment.
    """
    columns: list[Any] = [
        list(range(len(drafts))),
        [draft.ticket_pk for draft in drafts],
        [draft.customer_pk for draft in drafts],
        [draft.client_id for draft in drafts],
        [draft.body for draft in drafts],
        [draft.preview for draft in drafts],
        [draft.digest for draft in drafts],
        [draft.assurance for draft in drafts],
        [draft.language for draft in drafts],
        [Jsonb(list(draft.scrubbed)) for draft in drafts],
        [f"{{{','.join(map(str, (draft.customer_pk, *draft.earlier_selves)))}}}" for draft in drafts],
    ]
    return {(row[0], row[1]): _stored(row) for row in _rows(STORE, columns)}


def _rows(statement: str, columns: list[Any]) -> list[tuple[Any, ...]]:
    """Run a statement with its arrays sent in binary beside it; Django's cursor would write them into its text.

    Never prepared: a plan made while the table was small goes bad as it grows.
    """
    connection.ensure_connection()
    with connection.wrap_database_errors, Cursor(connection.connection) as cursor:
        return cursor.execute(statement, columns, prepare=False, binary=True).fetchall()


def _stored(row: tuple[Any, ...]) -> StoredRow:
    ticket_pk, seq, public_seq, digest, created_at, ticket, repeat = row[2:]
    return StoredRow(ticket_pk, seq, public_seq, bytes(digest), created_at, ticket, repeat)

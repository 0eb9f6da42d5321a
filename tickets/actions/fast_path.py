"""The two set-based statements that store customers' messages in bulk: the one place where SQL replaces the ORM.

Statement 1 locks the tickets that nobody else holds and says how far each is numbered. Statement 2 starts with a fresh
snapshot, so under those locks it sees every client id that was committed before; it skips the ids that are stored,
numbers the rest, inserts, and moves the tickets on. Both run in Django's own transaction and are planned each time.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from psycopg import Cursor
from psycopg.types.json import Jsonb

from tickets.posted import CustomerDraft

LOCK = """
select id, customer_id, status, assignee_id, team_id, last_seq, last_public_seq
from tickets_ticket where id = any(%b) order by id
for no key update skip locked
"""

# The lateral limit makes the look-up of each stored id its own visit to the unique index, whatever the planner believes
# of the tables: on a young table a join would read every message there is.
STORE = """
with draft as (
    select * from unnest(%b::int[], %b::bigint[], %b::int[], %b::int[], %b::bigint[], %b::uuid[], %b::bytea[],
                         %b::bytea[], %b::bytea[], %b::text[], %b::text[], %b::jsonb[], %b::text[])
        d(ord, ticket_id, last_seq, last_public_seq, author_id, client_id, body, preview, digest, assurance, language,
          scrubbed, selves)
), stored as (
    select d.author_id, d.client_id, m.*
    from draft d cross join lateral (
        select ticket_id, seq, public_seq, digest, created_at from tickets_message
        where author_kind = 'customer' and author_id = any(d.selves::bigint[]) and client_id = d.client_id limit 1
    ) m
), fresh as (
    select d.*, d.last_seq + row_number() over w as seq, d.last_public_seq + row_number() over w as public_seq
    from draft d
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
select author_id, client_id, ticket_id, seq, public_seq, digest, created_at,
    (select public_id from tickets_ticket t where t.id = s.ticket_id), true from stored s
"""


@dataclass(frozen=True, slots=True)
class LockedTicket:
    """A ticket whose row this transaction now holds."""

    customer_id: int
    status: str
    assignee_id: int | None
    team_id: int
    last_seq: int
    last_public_seq: int


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


def store_drafts(
    drafts: Sequence[CustomerDraft], locked: Mapping[int, LockedTicket]
) -> dict[tuple[int, UUID], StoredRow]:
    """Store drafts of locked tickets, in order; the answer is keyed by (author, client id). Cost: one query.

    Each (author, client id) may come once. Raises: IntegrityError if another transaction stores the same id into
    another ticket at this moment.
    """
    return {(row[0], row[1]): _stored(row) for row in _rows(STORE, _columns(drafts, locked))}


def _columns(drafts: Sequence[CustomerDraft], locked: Mapping[int, LockedTicket]) -> list[Any]:
    return [
        list(range(len(drafts))),
        [draft.ticket_pk for draft in drafts],
        [locked[draft.ticket_pk].last_seq for draft in drafts],
        [locked[draft.ticket_pk].last_public_seq for draft in drafts],
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

"""What the world around a process is like: versions, limits, servers, roles, clocks. Judged by `core.checks`."""

import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from urllib.parse import urlsplit

import redis
from django.apps import apps
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.backends.utils import CursorWrapper
from django.db.migrations.executor import MigrationExecutor

DAPHNE_OWN_LIMIT = 1024 * 1024
LIMIT_FLAGS = ("--websocket-max-message-size", "--websocket-max-frame-size")
LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class Facts:
    """One look at the world. Seconds for the clock; an empty Redis policy means that Redis did not answer."""

    versions: Mapping[str, str]
    frame_limits: tuple[int, ...]
    redis_policy: str
    redis_open: bool
    database_settings: Mapping[str, str]
    role_is_superuser: bool
    audit_rights: tuple[str, ...]
    pending_migrations: tuple[str, ...]
    clock_apart: float


def gather_facts() -> tuple[Facts | None, str]:
    """Look around. Returns no facts and the reason when the database does not answer."""
    policy, is_open = redis_facts(settings.REDIS_URL)
    try:
        with connection.cursor() as cursor:
            facts = Facts(
                versions={name: version(name) for name in ("Django", "daphne")},
                frame_limits=frame_limits(sys.argv),
                redis_policy=policy,
                redis_open=is_open,
                database_settings=_database_settings(cursor),
                role_is_superuser=_role_is_superuser(cursor),
                audit_rights=_audit_rights(cursor),
                pending_migrations=_pending_migrations(),
                clock_apart=_clock_apart(cursor),
            )
    except DatabaseError as problem:
        return None, str(problem).splitlines()[0]
    finally:
        if not connection.in_atomic_block:
            connection.close()
    return facts, ""


def frame_limits(command: Sequence[str]) -> tuple[int, ...]:
    """Daphne's limits from its command line, its own where none is given; nothing in other programs."""
    if "daphne" not in command[0]:
        return ()
    limits = dict.fromkeys(LIMIT_FLAGS, DAPHNE_OWN_LIMIT)
    for word, following in zip(command, [*command[1:], ""], strict=True):
        flag, _equals, value = word.partition("=")
        value = value or following
        if flag in limits and value.isdecimal():
            limits[flag] = int(value)
    return tuple(limits.values())


def redis_facts(url: str) -> tuple[str, bool]:
    """The eviction policy, and whether anybody on the network may use this Redis without a password."""
    try:
        with redis.Redis.from_url(url, socket_connect_timeout=2, socket_timeout=2) as client:
            policy = str(client.info("memory").get("maxmemory_policy", ""))
    except redis.RedisError:
        policy = ""
    return policy, _is_open(url)


def _is_open(url: str) -> bool:
    parts = urlsplit(url)
    if parts.scheme == "unix" or parts.hostname in LOOPBACK:
        return False
    stranger = f"{parts.scheme}://{parts.hostname}:{parts.port or 6379}/0"
    try:
        with redis.Redis.from_url(stranger, socket_connect_timeout=2, socket_timeout=2) as client:
            return bool(client.ping())
    except redis.RedisError:
        return not parts.password


def _database_settings(cursor: CursorWrapper) -> dict[str, str]:
    cursor.execute(
        "SELECT name, setting FROM pg_settings WHERE name IN ('fsync', 'synchronous_commit', 'full_page_writes')"
    )
    return dict(cursor.fetchall())


def _role_is_superuser(cursor: CursorWrapper) -> bool:
    cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
    return bool(cursor.fetchone()[0])


def _audit_rights(cursor: CursorWrapper) -> tuple[str, ...]:
    """Which of the rights that change history the role has, on the table or on any of its columns."""
    table = connection.ops.quote_name(apps.get_model("audit", "Entry")._meta.db_table)  # noqa: SLF001 Django's documented name for it
    cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [table])
    if not cursor.fetchone()[0]:
        return ()  # not migrated yet, which is a problem of its own
    cursor.execute(
        "SELECT has_any_column_privilege(%s, 'UPDATE'), has_table_privilege(%s, 'DELETE'), has_table_privilege(%s, 'TRUNCATE')",
        [table] * 3,
    )
    return tuple(name for name, has in zip(("UPDATE", "DELETE", "TRUNCATE"), cursor.fetchone(), strict=True) if has)


def _pending_migrations() -> tuple[str, ...]:
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return tuple(f"{migration.app_label}.{migration.name}" for migration, _backwards in plan)


def _clock_apart(cursor: CursorWrapper) -> float:
    before = time.time()
    cursor.execute("SELECT extract(epoch FROM clock_timestamp())")
    theirs = float(cursor.fetchone()[0])
    return theirs - (before + time.time()) / 2

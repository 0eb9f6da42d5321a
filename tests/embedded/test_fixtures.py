"""What every other test stands on: its own database, the app's role, real processes, nothing left behind."""

import httpx
import psycopg
import pytest
from django.conf import settings
from django.db import connection
from django.db.utils import ProgrammingError

from support_desk.embedded.processes import identify
from tests.servers import KEPT_TABLES, Seeds


def counts(url: str) -> dict[str, int]:
    """Rows in every table."""
    with psycopg.connect(url) as plain:
        tables = [
            name for (name,) in plain.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        ]
        return {name: plain.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in tables}


@pytest.mark.django_db
def test_tests_run_as_the_role_that_runs_the_desk(servers):
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, current_database()")
        assert cursor.fetchone() == ("desk_app", servers.database)
        with pytest.raises(ProgrammingError, match="permission denied"):
            cursor.execute("TRUNCATE audit_entry")
    assert servers.prefix == settings.REDIS_PREFIX


@pytest.fixture
def before(servers, django_db_setup):
    return counts(servers.superuser_url)


def test_committed_rows_are_seen_by_everybody(before, committed_db, servers):
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO django_session VALUES ('left-behind', '', now())")
    assert counts(servers.superuser_url)["django_session"] == 1


def test_emptying_brings_back_what_migrations_put_in(before, servers):
    seeds = Seeds(servers)
    with psycopg.connect(servers.superuser_url) as plain:
        plain.execute("INSERT INTO django_session VALUES ('left-behind', '', now())")
    seeds.restore()
    assert counts(servers.superuser_url) == before
    assert before["django_session"] == 0
    assert all(before[name] > 0 for name in KEPT_TABLES)


@pytest.mark.slow
def test_real_processes_share_the_database_and_can_be_killed_one_by_one(desk):
    running = desk(web=2, worker=True)
    first, second = running.pids["web"], running.pids["web-2"]

    running.kill("web")
    assert identify(first) is None
    assert httpx.get(f"{running.base_urls[1]}/healthz/ready").status_code == 200

    running.start("web")
    running.wait_until_ready()
    assert running.pids["web"] != first
    assert (running.pids["web-2"], set(running.pids)) == (second, {"web", "web-2", "worker"})
    assert "Traceback" not in running.log("web") + running.log("web-2") + running.log("worker")

"""The one PostgreSQL and Redis of a test run, and a database of its own for every worker.

The run's first process starts the servers; a guard stops them when it ends, also when it is killed. Its workers share them: each
gets a copy of one migrated database, the app's role, and a prefix of its own in Redis.
"""

import fcntl
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from support_desk.embedded.addresses import APP, OWNER, Addresses
from support_desk.embedded.guard import PROJECT
from support_desk.embedded.postgres import make_database
from support_desk.embedded.servers import embedded_servers
from support_desk.embedded.values import SecretValues

NOTE = "SUPPORT_DESK_TEST_SERVERS"
TEMPLATE = "desk_template"
FROM_OUTSIDE = (
    "SECRET_KEY", "FIELD_KEYS", "AUDIT_KEY", "PUBLIC_URL", "PORT", "ALLOWED_HOSTS", "DATABASE_ROLE",
    "TRUSTED_PROXIES", "METRICS_TOKEN",
)  # fmt: skip
KEPT_TABLES = {"django_migrations", "django_content_type", "auth_permission"}


@dataclass(frozen=True, slots=True)
class TestServers:
    """What one test process uses of the run's servers."""

    __test__ = False

    directory: Path
    addresses: Addresses
    worker: str

    @property
    def database(self) -> str:
        """This process's database."""
        return f"desk_{self.worker}"

    @property
    def prefix(self) -> str:
        """What this process's names in Redis begin with."""
        return f"test-{self.worker}:"

    @property
    def owner_url(self) -> str:
        """This process's database as the role that migrates."""
        return self.addresses.owner_url(self.database)

    @property
    def app_url(self) -> str:
        """This process's database as the role that runs the desk."""
        return self.addresses.app_url(self.database)

    @property
    def superuser_url(self) -> str:
        """This process's database as the superuser: for looking from outside, never for running the desk."""
        return self.addresses.superuser_url(self.database)

    @property
    def redis_url(self) -> str:
        """The run's Redis."""
        return self.addresses.redis_url

    def environment(self) -> dict[str, str]:
        """What settings read, here and in real processes started by tests."""
        return {
            "DESK_MODE": "test",
            "DATABASE_URL": self.app_url,
            "OWNER_DATABASE_URL": self.owner_url,
            "REDIS_URL": self.redis_url,
            "REDIS_PREFIX": self.prefix,
            "DATA_DIR": str(self.directory / self.worker),
        }


def begin(stack: ExitStack) -> TestServers:
    """Start the servers, or find those of the run, and point the environment at them. Before settings are read."""
    if NOTE not in os.environ:
        directory = Path(tempfile.mkdtemp(prefix="desk-tests-"))
        directory.chmod(0o711)  # the servers' account has to pass through
        running = stack.enter_context(embedded_servers(directory, safely=False, thrown_away=True))
        note = {
            "directory": str(directory),
            "sockets": str(running.home.sockets),
            "values": asdict(running.addresses.values),
        }
        os.environ[NOTE] = json.dumps(note)
        stack.callback(os.environ.pop, NOTE)
    note = json.loads(os.environ[NOTE])
    servers = TestServers(
        Path(note["directory"]),
        Addresses(Path(note["sockets"]), SecretValues(**note["values"])),
        os.environ.get("PYTEST_XDIST_WORKER", "main"),
    )
    for name in FROM_OUTSIDE:
        os.environ.pop(name, None)
    os.environ.update(servers.environment(), DJANGO_SETTINGS_MODULE="support_desk.settings")
    (servers.directory / servers.worker).mkdir(exist_ok=True)
    return servers


@contextmanager
def _one_at_a_time(servers: TestServers) -> Iterator[None]:
    with (servers.directory / "template.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def make_worker_database(servers: TestServers) -> None:
    """This process's copy of the migrated database; the first process to come migrates it."""
    with _one_at_a_time(servers):
        done = servers.directory / "template.done"
        if not done.exists():
            _migrate_template(servers)
            done.touch()
        with psycopg.connect(servers.addresses.superuser_url("postgres"), autocommit=True) as connection:
            name = sql.Identifier(servers.database)
            connection.execute(
                sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {}").format(
                    name, sql.Identifier(OWNER), sql.Identifier(TEMPLATE)
                )
            )
            connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(name))
            connection.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(name, sql.Identifier(APP)))


def _migrate_template(servers: TestServers) -> None:
    make_database(servers.addresses, TEMPLATE)
    url = servers.addresses.owner_url(TEMPLATE)
    done = subprocess.run(
        [sys.executable, PROJECT / "manage.py", "migrate", "--no-input", "--verbosity", "0"],
        env=os.environ | {"DATABASE_ROLE": "owner", "DATABASE_URL": url, "OWNER_DATABASE_URL": url},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(f"migrate failed:\n{done.stdout}\n{done.stderr}")


class Seeds:
    """Rows that migrations put in, kept aside so that emptying the tables can bring them back."""

    def __init__(self, servers: TestServers) -> None:
        self._url = servers.superuser_url
        with psycopg.connect(self._url) as connection:
            self._tables = [sql.Identifier(name) for name in self._names(connection)]
            self._rows = {table: rows for table in self._tables if (rows := self._read(connection, table))}

    def restore(self) -> None:
        """Empty every table and put the seeds back. Triggers sleep meanwhile, also those that protect the audit."""
        with psycopg.connect(self._url) as connection:
            connection.execute("SET session_replication_role = replica")
            connection.execute("SET lock_timeout = '15s'")
            connection.execute(sql.SQL("TRUNCATE {}").format(sql.SQL(", ").join(self._tables)))
            for table, rows in self._rows.items():
                with connection.cursor().copy(sql.SQL("COPY {} FROM STDIN").format(table)) as copy:
                    copy.write(rows)

    @staticmethod
    def _names(connection: psycopg.Connection) -> list[str]:
        rows = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        return sorted(name for (name,) in rows if name not in KEPT_TABLES)

    @staticmethod
    def _read(connection: psycopg.Connection, table: sql.Identifier) -> bytes:
        with connection.cursor().copy(sql.SQL("COPY {} TO STDOUT").format(table)) as copy:
            return b"".join(bytes(part) for part in copy)

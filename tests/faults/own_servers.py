"""A PostgreSQL and a Redis of one test, migrated and with people in them, to be stopped at once or searched byte by byte."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import psycopg

from support_desk.embedded.guard import PROJECT
from support_desk.embedded.processes import is_alive, send
from support_desk.embedded.servers import embedded_servers, start_postgres

GENEROUS = """
from accounts.actions.sites import set_policy
from accounts.models import Site
from accounts.recording import COMMAND_LINE
for name in ("messages_per_minute", "sessions_per_minute_per_address"):
    set_policy(site=Site.objects.get(), name=f"limit.{name}", value=1_000_000, actor=None, origin=COMMAND_LINE)
"""


class OwnServers:
    """The servers, and what real processes need to use them. The pool is on, as in production."""

    def __init__(self, running, directory):
        self.home, self.addresses, self.supervisor = running.home, running.addresses, running.supervisor
        self.directory = directory
        self.environment = {
            "DESK_MODE": "test",
            "DATABASE_URL": self.addresses.app_url(),
            "OWNER_DATABASE_URL": self.addresses.owner_url(),
            "DATABASE_POOLED": "true",
            "REDIS_URL": self.addresses.redis_url,
            "REDIS_PREFIX": "desk:",
            "DATA_DIR": str(directory),
        }

    def manage(self, *words, role="app"):
        """Run a management command against these servers. Raises: what it wrote."""
        done = subprocess.run(
            [sys.executable, PROJECT / "manage.py", *words],
            env=os.environ | self.environment | {"DATABASE_ROLE": role, "DATABASE_POOLED": "false"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def query(self, statement, *values):
        """Ask the database from outside."""
        with psycopg.connect(self.addresses.superuser_url(), autocommit=True) as connection:
            return connection.execute(statement, values).fetchall()

    def stop_postgres(self):
        """An immediate stop: nothing is finished, nothing is flushed; the next start recovers from the log."""
        child = next(child for child in self.supervisor.children if child.name == "postgres")
        send(child.process, signal.SIGQUIT)
        until = time.monotonic() + 20
        while is_alive(child.process):
            assert time.monotonic() < until
            time.sleep(0.02)

    def start_postgres(self):
        """Start it again, and return when it answers."""
        start_postgres(self.supervisor, self.home, self.addresses)


@contextmanager
def own_servers(secret):
    """Servers with a site, and an agent who signs in with this TOTP secret."""
    directory = Path(tempfile.mkdtemp(prefix="desk-faults-"))
    directory.chmod(0o711)  # the servers' account has to pass through
    with embedded_servers(directory, safely=False, thrown_away=True) as running:
        servers = OwnServers(running, directory)
        servers.manage("migrate", "--no-input", "--verbosity", "0", role="owner")
        people = ("--email", "owner@desk.example", "--password", "correct-horse-battery", "--totp-secret", secret)
        servers.manage("create_agent", *people, "--capacity", "50")
        servers.manage(
            "create_site", "--key", "larkfield", "--name", "Larkfield", "--origins", "https://exchange.example"
        )
        servers.manage("shell", "-v", "0", "-c", GENEROUS)
        yield servers

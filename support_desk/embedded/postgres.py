"""The embedded PostgreSQL: made once, listening on a private unix socket only, with a password for every role."""

import json
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
from psycopg import sql

from support_desk.embedded.addresses import APP, DATABASE, OWNER, SUPERUSER, Addresses
from support_desk.embedded.binaries import POSTGRES_MAJOR
from support_desk.embedded.places import MARKER, Account, Home
from support_desk.embedded.problems import CannotStart
from support_desk.embedded.values import SecretValues

ONLY_PASSWORDS = "# Unix socket only; every role by password.\nlocal all all scram-sha-256\n"

# What is not here is PostgreSQL's default; the first three are, and are said so that nobody wonders.
SERVER_SETTINGS = {
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "password_encryption": "scram-sha-256",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_messages": "warning",
    "log_checkpoints": "off",
    "log_min_error_statement": "panic",  # a failing statement's text is never written down
    "log_parameter_max_length_on_error": "0",
    "log_line_prefix": "",
}


def command(home: Home) -> list[str]:
    """The server's command line."""
    settings = SERVER_SETTINGS | {"unix_socket_directories": str(home.sockets)}
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    return [str(home.programs.postgres), "-D", str(home.postgres), *options]


def make_cluster(home: Home, values: SecretValues, *, safely: bool = True) -> None:
    """An empty cluster with one superuser. Repeat: checks that the one there is ours and of our version.

    Raises: CannotStart for a directory that is not ours or of another version of PostgreSQL.
    """
    if home.postgres.exists() and any(home.postgres.iterdir()):
        _check_ours(home)
        _forget_dead_server(home)
        return
    builder = _builder(home.account)
    workshop = Path(tempfile.mkdtemp(prefix="making-", dir=home.root))
    try:
        if builder:
            os.chown(workshop, builder.uid, builder.gid)
        _initdb(home, workshop, builder, values.superuser_password, safely=safely)
        cluster = workshop / "cluster"
        (cluster / "pg_hba.conf").write_text(ONLY_PASSWORDS)
        (cluster / MARKER).write_text(json.dumps({"postgres": POSTGRES_MAJOR}))
        _give_to(cluster, home.account)
        if home.postgres.exists():
            home.postgres.rmdir()
        cluster.rename(home.postgres)
    finally:
        shutil.rmtree(workshop, ignore_errors=True)


def _builder(account: Account | None) -> Account | None:
    """Who runs initdb: it wants an account with a name, which the servers' number has not. The result changes hands at once."""
    if account is None:
        return None
    names = {entry.pw_uid: entry.pw_gid for entry in pwd.getpwall()}
    if account.uid in names:
        return account
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        raise CannotStart(
            "This system has no account `nobody`, which root needs to make a database. Run as an ordinary user."
        ) from None
    return Account(nobody.pw_uid, nobody.pw_gid)


def _initdb(home: Home, workshop: Path, builder: Account | None, password: str, *, safely: bool) -> None:
    words = workshop / "password"
    words.touch(mode=0o600)
    words.write_text(password)
    _give_to(words, builder)
    locale = ["--encoding=UTF8", "--locale=C.UTF-8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    line = [
        str(home.programs.initdb), "-D", str(workshop / "cluster"), "-U", SUPERUSER, f"--pwfile={words}", "--auth=scram-sha-256",
        "--data-checksums", *locale,
    ]  # fmt: skip
    done = subprocess.run(
        [*line, *([] if safely else ["--no-sync"])],
        user=builder.uid if builder else None,
        group=builder.gid if builder else None,
        extra_groups=[] if builder else None,
        cwd="/",
        env={"PATH": os.defpath},
        capture_output=True,
        text=True,
        check=False,
    )
    words.unlink()
    if done.returncode != 0:
        raise CannotStart(f"PostgreSQL could not make its data directory:\n{done.stderr.strip()}")


def _give_to(path: Path, account: Account | None) -> None:
    if account is None:
        return
    for each in (path, *path.rglob("*")):
        os.chown(each, account.uid, account.gid, follow_symlinks=False)


def _check_ours(home: Home) -> None:
    version = home.postgres / "PG_VERSION"
    if not (home.postgres / MARKER).is_file() or not version.is_file():
        raise CannotStart(
            f"{home.postgres} holds something that is not this desk's database. Move it away, or set DATA_DIR elsewhere."
        )
    major = version.read_text().strip()
    if major != str(POSTGRES_MAJOR):
        raise CannotStart(
            f"{home.postgres} was made by PostgreSQL {major}; this desk brings PostgreSQL {POSTGRES_MAJOR}. "
            "Dump it with the old version and load the dump into a new desk."
        )


def _forget_dead_server(home: Home) -> None:
    """Remove the pid file of a server that is gone, so that a stranger with its number does not block the start."""
    for lock in (home.postgres / "postmaster.pid", home.sockets / ".s.PGSQL.5432.lock"):
        try:
            pid = int(lock.read_text().split("\n", 1)[0])
            program = Path(f"/proc/{pid}/exe").readlink().name
        except (OSError, ValueError):
            program = ""
        if not program.startswith("postgres"):
            lock.unlink(missing_ok=True)


def wait_until_up(home: Home, addresses: Addresses, *, ended: Callable[[], None], seconds: float = 60) -> None:
    """Return when the server answers. `ended` raises when it has died. Raises: CannotStart when it does not answer in time."""
    until = time.monotonic() + seconds
    while True:
        try:
            with psycopg.connect(addresses.superuser_url("postgres"), connect_timeout=2):
                return
        except psycopg.OperationalError as problem:
            ended()
            if "password authentication failed" in str(problem):
                raise CannotStart(
                    f"The database in {home.postgres} does not know the passwords of secrets.json. "
                    "Restore the file that belongs to it."
                ) from None
            if time.monotonic() > until:
                raise CannotStart(f"PostgreSQL did not start within {seconds:.0f} s: {problem}") from None
            time.sleep(0.05)


def make_roles(addresses: Addresses) -> None:
    """The owner, who migrates, and the app, which runs. Repeat: their passwords become those of the addresses."""
    passwords = {OWNER: addresses.values.owner_password, APP: addresses.values.app_password}
    with psycopg.connect(addresses.superuser_url("postgres"), autocommit=True) as connection:
        known = {row[0] for row in connection.execute("SELECT rolname FROM pg_roles")}
        for role, password in passwords.items():
            verb = sql.SQL("ALTER" if role in known else "CREATE")
            connection.execute(
                sql.SQL("{} ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS PASSWORD {}").format(
                    verb, sql.Identifier(role), sql.Literal(password)
                )
            )


def make_database(addresses: Addresses, name: str = DATABASE) -> None:
    """A database of the owner's with pgvector in it, whose future tables the app may read and write. Repeat: harmless."""
    owner, app, database = sql.Identifier(OWNER), sql.Identifier(APP), sql.Identifier(name)
    with psycopg.connect(addresses.superuser_url("postgres"), autocommit=True) as connection:
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(database, owner))
        connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(database))
        connection.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(database, app))
    with psycopg.connect(addresses.superuser_url(name)) as connection:
        connection.execute("CREATE EXTENSION IF NOT EXISTS vector")
        connection.execute("REVOKE ALL ON SCHEMA public FROM PUBLIC")
        connection.execute(sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(app))
        for grant in ("SELECT, INSERT, UPDATE, DELETE ON TABLES", "USAGE, SELECT ON SEQUENCES"):
            connection.execute(
                sql.SQL("ALTER DEFAULT PRIVILEGES FOR ROLE {} IN SCHEMA public GRANT {} TO {}").format(
                    owner, sql.SQL(grant), app
                )
            )

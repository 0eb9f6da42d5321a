"""The scripts that make PostgreSQL and Redis ready, run against real servers."""

import os
import re
import shutil
import signal
import subprocess
import time

import psycopg
import pytest
import redis
from ruamel.yaml import YAML

from support_desk.embedded import addresses
from support_desk.embedded.servers import embedded_servers
from tests.packaging.tools import DEPLOY, ROOT, program

SECRET_OWNER, SECRET_APP = "o'wn\"er", "a\\pp $HOME"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A PostgreSQL that knows neither of our roles."""
    with embedded_servers(tmp_path_factory.mktemp("desk"), safely=False, thrown_away=True) as servers:
        with psycopg.connect(servers.addresses.superuser_url("postgres"), autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {addresses.DATABASE}")
            connection.execute(f"DROP ROLE {addresses.OWNER}, {addresses.APP}")
        yield servers


def made_ready(server, folder, *, owner=SECRET_OWNER, app=SECRET_APP):
    """Run the script as the container's entry point would."""
    (folder / "owner").write_text(f"{owner}\n")
    (folder / "app").write_text(f"{app}\n")
    programs = server.home.programs.postgres_root
    return subprocess.run(
        [program("sh"), DEPLOY / "postgres" / "init.sh"],
        env={
            "PATH": f"{programs / 'bin'}:{os.environ['PATH']}",
            "LD_LIBRARY_PATH": str(programs / "lib"),
            "PGHOST": str(server.home.sockets),
            "PGPASSWORD": server.addresses.values.superuser_password,
            "POSTGRES_USER": addresses.SUPERUSER,
            "OWNER_PASSWORD_FILE": str(folder / "owner"),
            "APP_PASSWORD_FILE": str(folder / "app"),
        },
        capture_output=True,
        text=True,
        check=False,
    )


def as_role(server, role, password):
    return psycopg.connect(host=str(server.home.sockets), user=role, password=password, dbname="desk", autocommit=True)


def test_an_empty_password_makes_nothing(server, tmp_path):
    (tmp_path / "empty").touch()
    done = subprocess.run(
        [program("sh"), DEPLOY / "postgres" / "init.sh"],
        env={
            "PATH": os.environ["PATH"],
            "OWNER_PASSWORD_FILE": f"{tmp_path}/empty",
            "APP_PASSWORD_FILE": f"{tmp_path}/none",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "no password, no role" in done.stderr


def test_the_roles_are_those_of_the_desk(server, tmp_path):
    for _again in range(2):
        done = made_ready(server, tmp_path)
        assert (done.returncode, done.stderr) == (0, "")
    with as_role(server, "desk_owner", SECRET_OWNER) as owner:
        owner.execute(
            "DROP TABLE IF EXISTS thing; CREATE TABLE thing (id bigint GENERATED ALWAYS AS IDENTITY, at vector(3))"
        )
    with as_role(server, "desk_app", SECRET_APP) as app:
        app.execute("INSERT INTO thing (at) VALUES ('[1,2,3]')")
        app.execute("UPDATE thing SET at = '[3,2,1]'")
        assert app.execute("SELECT at::text FROM thing").fetchall() == [("[3,2,1]",)]
        app.execute("DELETE FROM thing")
        for forbidden in ("TRUNCATE thing", "DROP TABLE thing", "CREATE TABLE mine (id int)", "CREATE SCHEMA mine"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                app.execute(forbidden)
    with psycopg.connect(server.addresses.superuser_url("desk")) as superuser:
        rows = superuser.execute(
            "SELECT rolname, rolsuper OR rolcreatedb OR rolcreaterole OR rolbypassrls, rolcanlogin FROM pg_roles "
            "WHERE rolname LIKE 'desk\\_%%' AND rolname <> %s ORDER BY 1",
            [addresses.SUPERUSER],
        )
        assert rows.fetchall() == [("desk_app", False, True), ("desk_owner", False, True)]
        kept = superuser.execute("SELECT rolpassword FROM pg_authid WHERE rolname = 'desk_app'").fetchone()
        assert kept[0].startswith("SCRAM-SHA-256$")


def test_a_second_run_changes_the_passwords(server, tmp_path):
    made_ready(server, tmp_path)
    assert made_ready(server, tmp_path, app="another").returncode == 0
    with pytest.raises(psycopg.OperationalError):
        as_role(server, "desk_app", SECRET_APP)
    as_role(server, "desk_app", "another").close()


def test_a_backup_is_restored_by_the_documented_commands(server, tmp_path):
    made_ready(server, tmp_path)
    with as_role(server, "desk_owner", SECRET_OWNER) as owner:
        owner.execute("CREATE TABLE kept (id int PRIMARY KEY, at vector(2)); REVOKE UPDATE ON kept FROM desk_app")
        owner.execute("INSERT INTO kept VALUES (1, '[1,2]')")
    documented = (ROOT / "docs" / "operations.md").read_text()
    dump, restore = (
        re.search(rf"postgres ({name} .*?) [<>] desk.dump", documented).group(1) for name in ("pg_dump", "pg_restore")
    )
    kept = by_superuser(server, dump)
    with psycopg.connect(server.addresses.superuser_url("postgres"), autocommit=True) as connection:
        connection.execute("DROP DATABASE desk")
    made_ready(server, tmp_path)
    by_superuser(server, restore, given=kept)
    with as_role(server, "desk_app", SECRET_APP) as app:
        assert app.execute("SELECT id, at::text FROM kept").fetchall() == [(1, "[1,2]")]
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            app.execute("UPDATE kept SET id = 2")
    with as_role(server, "desk_owner", SECRET_OWNER) as owner:
        owner.execute("CREATE TABLE later (id int)")
    with as_role(server, "desk_app", SECRET_APP) as app:
        assert app.execute("SELECT count(*) FROM later").fetchone() == (0,)


def by_superuser(server, command, given=None):
    """Run a documented command of PostgreSQL's against this server; its output."""
    programs = server.home.programs.postgres_root
    done = subprocess.run(
        command.split(),
        env={
            "PATH": f"{programs / 'bin'}:{os.environ['PATH']}",
            "LD_LIBRARY_PATH": str(programs / "lib"),
            "PGHOST": str(server.home.sockets),
            "PGPASSWORD": server.addresses.values.superuser_password,
        },
        input=given,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def hints(server, tmp_path):
    """A Redis started by the command of the compose file, on a socket instead of a port."""
    service = YAML(typ="safe").load((ROOT / "docker-compose.yml").read_text())["services"]["redis"]
    (tmp_path / "redis_password").write_text("pass-word\n")
    command = service["command"][0].replace("$$", "$")
    for shipped, here in {
        "/run/secrets": str(tmp_path),
        "port 6379": f"port 0\nunixsocket {tmp_path}/s",
        "dir /data": f"dir {tmp_path}",
        "exec redis-server": f"exec {server.home.programs.redis_server}",
    }.items():
        assert shipped in command
        command = command.replace(shipped, here)
    shell, flags = service["entrypoint"]
    process = subprocess.Popen([shutil.which(shell), flags, command], stdout=subprocess.DEVNULL)
    until = time.monotonic() + 10
    while not (tmp_path / "s").exists() and time.monotonic() < until:
        time.sleep(0.02)
    yield tmp_path / "s", process
    if process.poll() is None:
        process.kill()
    process.wait(10)


def test_redis_asks_for_the_password_and_evicts_nothing(hints):
    path, process = hints
    with pytest.raises(redis.AuthenticationError):
        redis.Redis(unix_socket_path=str(path)).ping()
    client = redis.Redis(unix_socket_path=str(path), password="pass-word", decode_responses=True)
    told = {name: client.config_get(name)[name] for name in ("maxmemory-policy", "save", "appendonly", "maxmemory")}
    assert told == {"maxmemory-policy": "noeviction", "save": "", "appendonly": "no", "maxmemory": "268435456"}
    with open(f"/proc/{process.pid}/cmdline", "rb") as line:
        assert b"pass-word" not in line.read()


def test_redis_ends_when_the_container_is_stopped(hints):
    _path, process = hints
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 0

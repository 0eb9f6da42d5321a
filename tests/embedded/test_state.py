"""What runs is written down privately, and management commands find it."""

import os
import socket
import stat
from dataclasses import replace

import pytest

from support_desk.embedded import places, state, values
from support_desk.embedded.ports import check_free, read_port
from support_desk.embedded.problems import CannotStart
from support_desk.embedded.processes import Child, ProcessId, identify
from support_desk.embedded.state import State, adopt_environment, boot_id

ME = identify(os.getpid())


@pytest.fixture
def data_dir(tmp_path):
    places.make_data_dir(tmp_path / "var")
    return tmp_path / "var"


@pytest.fixture
def running() -> State:
    return State(
        boot=boot_id(),
        launcher=ME,
        guard=None,
        children=(Child("web", "app", ME), Child("beat", "app", replace(ME, started=1))),
        environment={"DATABASE_URL": "postgres://somewhere/desk", "DESK_MODE": "demo"},
        secrets="secrets.json",
    )


def mode(path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_state_comes_back_as_it_was_and_only_its_owner_reads_it(data_dir, running):
    state.save(data_dir, running)
    assert state.load(data_dir) == running
    assert (mode(data_dir / "run"), mode(data_dir / "run" / "state.json")) == (0o700, 0o600)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"boot": "x"}'])
def test_a_damaged_state_is_no_state(data_dir, text):
    (data_dir / "run" / "state.json").write_text(text)
    assert state.load(data_dir) is None


def test_leftovers_are_those_that_still_live_since_the_machine_started(running):
    assert running.leftovers() == [running.children[0]]
    assert replace(running, boot="before").leftovers() == []
    assert (running.is_running(), replace(running, boot="before").is_running()) == (True, False)


def test_a_command_works_on_the_desk_that_runs(data_dir, running):
    state.save(data_dir, running)
    secret = values.load_or_make(data_dir)
    environment = {"DATA_DIR": str(data_dir), "DESK_MODE": "demo", "SECRET_KEY": "chosen by hand"}

    adopt_environment(["create_agent"], environment)

    assert environment == {
        "DATA_DIR": str(data_dir),
        "DESK_MODE": "demo",
        "DATABASE_URL": "postgres://somewhere/desk",
        "SECRET_KEY": "chosen by hand",
        "FIELD_KEYS": secret.field_keys,
        "AUDIT_KEY": secret.audit_key,
    }


@pytest.mark.parametrize(
    "given", [{"DATABASE_URL": "postgres://mine/desk"}, {"DATABASE_URL_FILE": "/x"}, {"DESK_MODE": "test"}]
)
def test_what_the_operator_says_wins(data_dir, running, given):
    state.save(data_dir, running)
    environment = {"DATA_DIR": str(data_dir), **given}
    adopt_environment(["migrate"], environment)
    assert environment == {"DATA_DIR": str(data_dir), **given}


def test_without_a_desk_a_command_ends_with_advice(data_dir, running):
    state.save(data_dir, replace(running, launcher=ProcessId(ME.pid, 1)))
    environment = {"DATA_DIR": str(data_dir)}
    with pytest.raises(SystemExit, match="Start one with `make run`"):
        adopt_environment(["create_agent"], environment)
    assert environment == {"DATA_DIR": str(data_dir)}


@pytest.mark.parametrize("arguments", [[], ["help"], ["makemigrations", "--check"], ["create_agent", "--help"]])
def test_commands_that_need_no_desk_get_none(data_dir, arguments):
    environment = {"DATA_DIR": str(data_dir)}
    adopt_environment(arguments, environment)
    assert environment == {"DATA_DIR": str(data_dir), "DESK_MODE": "demo"}


def test_a_second_launcher_is_told_about_the_first(data_dir, running):
    state.save(data_dir, replace(running, environment={"PUBLIC_URL": "http://127.0.0.1:8000"}))
    with (
        state.take_lock(data_dir),
        pytest.raises(CannotStart, match=rf"already runs from .* as process {ME.pid}, at http://127\.0\.0\.1:8000"),
    ):
        state.take_lock(data_dir)
    state.take_lock(data_dir).close()


def test_secrets_are_made_once_and_private(data_dir):
    first = values.load_or_make(data_dir)
    assert values.load_or_make(data_dir) == first
    assert mode(data_dir / "secrets.json") == 0o600
    assert len({first.secret_key, first.field_keys, first.audit_key, first.owner_password, first.app_password}) == 5
    assert repr(first) == "SecretValues(...)"


def test_damaged_secrets_are_never_replaced(data_dir):
    (data_dir / "secrets.json").write_text("{}")
    with pytest.raises(CannotStart, match="cannot be read"):
        values.load_or_make(data_dir)
    assert (data_dir / "secrets.json").read_text() == "{}"


def test_a_busy_port_is_named():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(CannotStart, match=rf"Port {port} on 127\.0\.0\.1 cannot be opened"):
            check_free("127.0.0.1", range(port, port + 1))
    check_free("127.0.0.1", range(port, port + 1))


@pytest.mark.parametrize("text", ["0", "65536", "-1", "eight", "80 80", ""])
def test_what_is_no_port_is_refused(text):
    with pytest.raises(CannotStart, match="is not a port number"):
        read_port(text)

"""What runs now, in DATA_DIR/run/state.json: for the next start, for management commands, for people."""

import fcntl
import json
import os
import sys
from collections.abc import MutableMapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from support_desk.embedded import values
from support_desk.embedded.guard import PROJECT
from support_desk.embedded.problems import CannotStart
from support_desk.embedded.processes import Child, ProcessId, is_alive

STATE_FILE, LOCK_FILE = "state.json", "lock"
NEED_NO_DESK = {
    "check", "compilemessages", "diffsettings", "help", "makemessages", "makemigrations", "sqlmigrate", "test", "version",
    "--help", "-h", "--version",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class State:
    """One launch. Process numbers mean nothing after the machine has restarted, hence `boot`."""

    boot: str
    launcher: ProcessId
    guard: ProcessId | None
    children: tuple[Child, ...]
    environment: dict[str, str]
    secrets: str

    def is_running(self) -> bool:
        """Whether the launcher that wrote this still lives."""
        return self.boot == boot_id() and is_alive(self.launcher)

    def leftovers(self) -> list[Child]:
        """Children that outlived their launcher."""
        return [child for child in self.children if is_alive(child.process)] if self.boot == boot_id() else []


def boot_id() -> str:
    """A text that changes with every start of the machine."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def data_dir_of(environment: MutableMapping[str, str]) -> Path:
    """The desk's directory: DATA_DIR, or var/ in the project."""
    return Path(environment.get("DATA_DIR") or PROJECT / "var").resolve()


def save(data_dir: Path, state: State) -> None:
    """Replace the file in one step; only its owner reads it, since addresses carry passwords."""
    path = data_dir / "run" / STATE_FILE
    waiting = path.with_suffix(".new")
    handle = os.open(waiting, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as file:
        json.dump(asdict(state), file, indent=1)
    waiting.rename(path)


def load(data_dir: Path) -> State | None:
    """The last launch's state, or None when there is none or it does not read (a crash while the disk was full)."""
    try:
        data = json.loads((data_dir / "run" / STATE_FILE).read_text())
        return State(
            boot=data["boot"],
            launcher=ProcessId(**data["launcher"]),
            guard=ProcessId(**data["guard"]) if data["guard"] else None,
            children=tuple(Child(row["name"], row["kind"], ProcessId(**row["process"])) for row in data["children"]),
            environment=data["environment"],
            secrets=data["secrets"],
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def forget(data_dir: Path) -> None:
    """Remove the file: nothing runs. Repeat: harmless."""
    (data_dir / "run" / STATE_FILE).unlink(missing_ok=True)


def take_lock(data_dir: Path) -> IO[Any]:
    """Hold DATA_DIR for this process until the returned file is closed or the process ends, however it ends.

    Raises: CannotStart when another launcher holds it.
    """
    lock = (data_dir / "run" / LOCK_FILE).open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        known = load(data_dir)
        where = f" as process {known.launcher.pid}, at {known.environment.get('PUBLIC_URL', '')}" if known else ""
        raise CannotStart(
            f"A desk already runs from {data_dir}{where}. Stop it first, or run a second one with its own DATA_DIR and PORT."
        ) from None
    return lock


def adopt_environment(arguments: Sequence[str], environment: MutableMapping[str, str] = os.environ) -> None:
    """Let a management command work on the desk that runs from DATA_DIR, unless the environment names a database itself.

    Ends the program with a message when no desk runs and the command needs one.
    """
    if environment.get("DESK_MODE") == "test" or {"DATABASE_URL", "DATABASE_URL_FILE"} & environment.keys():
        return
    data_dir = data_dir_of(environment)
    state = load(data_dir)
    if state and state.is_running():
        known = values.load(data_dir)
        for name, value in (state.environment | (known.environment() if known else {})).items():
            environment.setdefault(name, value)
        return
    if not arguments or arguments[0] in NEED_NO_DESK or "--help" in arguments:
        environment.setdefault("DESK_MODE", "demo")
        return
    sys.exit(
        f"No desk runs from {data_dir} and DATABASE_URL is not set. Start one with `make run`, or set DATABASE_URL and REDIS_URL."
    )

"""Where the embedded servers live on disk, and under which account they run.

An ordinary user's servers run as that user below DATA_DIR/servers. PostgreSQL refuses to run as root, so root's servers run under a
number that no account has. That number may not be let through to DATA_DIR (a clone below /root): then the servers' files go to
/var/lib/support-desk, or the system's temporary directory, and DATA_DIR/servers.path says where. No mode outside our own
directories is ever changed.
"""

import hashlib
import json
import os
import pwd
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from support_desk.embedded import binaries
from support_desk.embedded.binaries import Binaries
from support_desk.embedded.guard import Guard
from support_desk.embedded.problems import CannotStart

MARKER = "support-desk.json"
POINTER = "servers.path"
SOCKET_PATH_LIMIT = 107
LONGEST_SOCKET_NAME = ".s.PGSQL.5432.lock"
FIRST_NUMBER, NUMBERS = 61_000, 3_000


@dataclass(frozen=True, slots=True)
class Account:
    """A user and group by number. `None` in its place means: as whoever started the launcher."""

    uid: int
    gid: int


@dataclass(frozen=True, slots=True)
class Home:
    """The servers' directories and programs."""

    root: Path
    sockets: Path
    account: Account | None
    programs: Binaries

    @property
    def postgres(self) -> Path:
        """The database cluster."""
        return self.root / "postgres"

    @property
    def redis(self) -> Path:
        """Redis' working directory."""
        return self.root / "redis"


def make_data_dir(data_dir: Path) -> None:
    """DATA_DIR and DATA_DIR/run, made if missing. Raises: CannotStart when they are another user's or cannot be made."""
    run = data_dir / "run"
    try:
        if not data_dir.exists():
            data_dir.mkdir(parents=True)
            data_dir.chmod(0o711 if os.geteuid() == 0 else 0o700)
        run.mkdir(mode=0o700, exist_ok=True)
    except OSError as problem:
        raise CannotStart(
            f"DATA_DIR {data_dir} cannot be used ({problem.strerror}). Set DATA_DIR to a directory of yours."
        ) from None
    owner = run.stat().st_uid
    if owner != os.geteuid():
        raise CannotStart(
            f"DATA_DIR {data_dir} was made by user number {owner}, and you are {os.geteuid()}. "
            "Run as that user, or set DATA_DIR to another directory."
        )


def make_home(data_dir: Path, guard: Guard) -> Home:
    """Directories and programs, made on the first start. Repeat: the same ones; only the sockets may move."""
    programs = binaries.find()
    if os.geteuid() != 0:
        root = data_dir / "servers"
        make_private(root, None)
        return Home(root, _sockets(root, None, guard), None, programs)
    account = _account_for(data_dir)
    root = _root_for(data_dir, account)
    if not binaries.run_as(programs, account.uid, account.gid):
        programs = binaries.copy_to(root, programs)
        if not binaries.run_as(programs, account.uid, account.gid):
            raise CannotStart(
                f"User number {account.uid} cannot run programs below {root}. Is the disk mounted noexec?"
            )
    return Home(root, _sockets(root, account, guard), account, programs)


def _account_for(data_dir: Path) -> Account:
    """The owner of the cluster that exists, or else a number derived from the path that no account has."""
    for root in (_pointed_at(data_dir), data_dir / "servers"):
        if root and (root / "postgres").is_dir():
            owner = (root / "postgres").stat()
            if owner.st_uid != 0:
                return Account(owner.st_uid, owner.st_gid)
    taken = {entry.pw_uid for entry in pwd.getpwall()}
    start = int(hashlib.sha256(str(data_dir).encode()).hexdigest(), 16)
    number = next(
        FIRST_NUMBER + (start + step) % NUMBERS
        for step in range(NUMBERS)
        if FIRST_NUMBER + (start + step) % NUMBERS not in taken
    )
    return Account(number, number)


def _pointed_at(data_dir: Path) -> Path | None:
    try:
        return Path((data_dir / POINTER).read_text().strip())
    except FileNotFoundError:
        return None


def _root_for(data_dir: Path, account: Account) -> Path:
    pointed = _pointed_at(data_dir)
    if pointed:
        if not (pointed / MARKER).is_file():
            raise CannotStart(
                f"{data_dir / POINTER} says the database is in {pointed}, but nothing of ours is there. "
                f"Bring that directory back, or delete {data_dir} to begin with an empty desk."
            )
        return pointed
    root = data_dir / "servers" if _lets_through(data_dir, account) else _elsewhere(data_dir)
    _make_open(root)
    (root / MARKER).write_text(json.dumps({"data_dir": str(data_dir)}))
    if root.parent != data_dir:
        (data_dir / POINTER).write_text(f"{root}\n")
    return root


def _elsewhere(data_dir: Path) -> Path:
    """A directory outside DATA_DIR that the servers' account reaches."""
    name = hashlib.sha256(str(data_dir).encode()).hexdigest()[:16]
    library = Path("/var/lib")
    if os.access(library, os.W_OK):
        _make_open(library / "support-desk")
        return library / "support-desk" / name
    return Path(tempfile.mkdtemp(prefix="support-desk-"))


def _lets_through(directory: Path, account: Account) -> bool:
    """Whether an account reaches what lies in a directory, asked by trying, so that access lists count too."""
    answer = subprocess.run(
        ["/bin/sh", "-c", 'cd "$1"', "sh", directory], user=account.uid, group=account.gid, extra_groups=[], cwd="/",
        stderr=subprocess.DEVNULL, check=False,
    )  # fmt: skip
    return answer.returncode == 0


def _make_open(directory: Path) -> None:
    """A directory that others may pass through but not list."""
    if not directory.exists():
        directory.mkdir()
    if directory.stat().st_uid != os.geteuid():
        raise CannotStart(f"{directory} belongs to another user. Remove it, or set DATA_DIR to another directory.")
    directory.chmod(0o711)


def make_private(directory: Path, account: Account | None) -> None:
    """A directory that only its account enters."""
    directory.mkdir(mode=0o700, exist_ok=True)
    if account:
        os.chown(directory, account.uid, account.gid)
    directory.chmod(0o700)


def _sockets(root: Path, account: Account | None, guard: Guard) -> Path:
    """The directory of the unix sockets. A socket's whole path may have 107 bytes, so a deep DATA_DIR gets a short one."""
    directory = root / "sockets"
    if len(os.fsencode(directory / LONGEST_SOCKET_NAME)) > SOCKET_PATH_LIMIT:
        parent = tempfile.gettempdir()
        if len(os.fsencode(parent)) > SOCKET_PATH_LIMIT - 50:
            parent = "/tmp"  # noqa: S108 the directory made in it is private and has a random name
        directory = Path(tempfile.mkdtemp(prefix="desk-", dir=parent))
        guard.remove_later(directory)
    make_private(directory, account)
    return directory

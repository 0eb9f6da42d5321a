"""Directories for servers, and programs that hold servers up until they are killed."""

import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.embedded.holders import Holder


@pytest.fixture
def reachable() -> Iterator[Path]:
    """A new directory with a short path that any account may pass through."""
    directory = Path(tempfile.mkdtemp(prefix="desk-"))
    directory.chmod(0o711)
    yield directory
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture
def hold() -> Iterator[object]:
    """Starts servers in another program: hold(directory, user=None) -> Holder. Killed at the end if still there."""
    holders: list[Holder] = []

    def start(directory: Path, *, python: str = sys.executable, **options: object) -> Holder:
        command = [python, "-m", "tests.embedded.holder", str(directory)]
        holders.append(Holder(command, first_line="postgres://", **options))
        return holders[-1]

    yield start
    for holder in holders:
        if holder.popen.poll() is None:
            holder.end(signal.SIGKILL)
        holder.popen.stdout.close()
        holder.popen.wait()

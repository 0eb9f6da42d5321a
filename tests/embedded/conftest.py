"""Directories for servers, and programs that hold servers up until they are killed."""

import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.embedded.holders import Holder, holding


@pytest.fixture
def reachable() -> Iterator[Path]:
    """A new directory with a short path that any account may pass through."""
    directory = Path(tempfile.mkdtemp(prefix="desk-"))
    directory.chmod(0o711)
    yield directory
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture
def hold() -> Iterator[Callable[..., Holder]]:
    """Starts servers in another program: hold(directory, user=None) -> Holder."""
    with holding() as start:

        def servers_in(directory: Path, *, python: str = sys.executable, **options: object) -> Holder:
            command = [python, "-m", "tests.embedded.holder", str(directory)]
            return start(command, first_line="postgres://", **options)

        yield servers_in

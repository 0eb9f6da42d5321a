"""What the operator sees: one line per line of a child, with the child's name and colour in front."""

import os
import sys
import threading
from pathlib import Path
from typing import Protocol

from rich.console import Console
from rich.text import Text

WIDTH = 10


class Output(Protocol):
    """Where children write."""

    def open(self, name: str, colour: str) -> int:
        """A file descriptor for a child's output. Whoever asks closes it after the child has started."""
        ...


class TerminalOutput:
    """Children's lines on the launcher's own output. A reader that went away (a closed pager) stops no child."""

    def __init__(self) -> None:
        self._console = Console(file=sys.stdout, highlight=False, markup=False, emoji=False)
        self._lock = threading.Lock()

    def open(self, name: str, colour: str) -> int:
        """The write end of a pipe whose lines appear with the name in front."""
        read_end, write_end = os.pipe()
        threading.Thread(
            target=self._pass_on, args=(read_end, name, colour), daemon=True, name=f"output-{name}"
        ).start()
        return write_end

    def say(self, text: str, *, colour: str = "bold") -> None:
        """A line of the launcher itself."""
        self._print("desk", colour, text)

    def _pass_on(self, read_end: int, name: str, colour: str) -> None:
        with os.fdopen(read_end, "r", encoding="utf-8", errors="replace") as lines:
            for line in lines:
                self._print(name, colour, line.rstrip("\n"))

    def _print(self, name: str, colour: str, line: str) -> None:
        shown = Text.assemble((f"{name:>{WIDTH}} | ", colour), Text.from_ansi(line))
        try:
            with self._lock:
                self._console.print(shown, soft_wrap=True)
        except (OSError, ValueError, SystemExit):
            return  # the terminal is gone; the children are not


class FileOutput:
    """Children's lines in one file each, for tests."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        directory.mkdir(parents=True, exist_ok=True)

    def open(self, name: str, colour: str) -> int:  # noqa: ARG002 a file has no colours
        """The file NAME.log, appended to."""
        return os.open(self.directory / f"{name}.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)

"""The guard: outlives the launcher by a few seconds and leaves nothing running.

It sits in its own session and holds the read end of a pipe whose only writer is the launcher. Each line names a child or a
directory. When the pipe ends, the launcher is gone, by whatever signal, and the guard stops what was named.
Run as `python -m support_desk.embedded.guard MARK`.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

from support_desk.embedded.processes import MARK, Child, ProcessId, identify, stop, stop_marked

PROJECT = Path(__file__).resolve().parent.parent.parent


class Guard:
    """The launcher's end of the pipe."""

    def __init__(self, mark: str) -> None:
        self.mark = mark
        environment = {name: value for name, value in os.environ.items() if name != MARK}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "support_desk.embedded.guard", mark],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=PROJECT,
            env=environment,
            start_new_session=True,
        )

    @property
    def process(self) -> ProcessId | None:
        """The guard itself, for the state file."""
        return identify(self._process.pid)

    def is_up(self) -> bool:
        """Whether somebody would clean up if the launcher died now."""
        return self._process.poll() is None

    def watch(self, child: Child) -> None:
        """Have a child stopped when this process ends. A later child of the same name takes its place."""
        self._say({"name": child.name, "kind": child.kind, "pid": child.process.pid, "started": child.process.started})

    def remove_later(self, directory: Path) -> None:
        """Have a directory that we made deleted when this process ends."""
        self._say({"remove": str(directory)})

    def close(self) -> None:
        """End the pipe and wait until the guard has finished its work."""
        if self._process.stdin:
            self._process.stdin.close()
        self._process.wait(timeout=30)  # it may take 8 s to stop what hangs, and then has directories to delete

    def _say(self, line: dict[str, str | int]) -> None:
        if self._process.stdin and self.is_up():
            self._process.stdin.write(json.dumps(line).encode() + b"\n")
            self._process.stdin.flush()


def main(mark: str) -> None:
    """Listen until the launcher is gone, then stop and remove what it named."""
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    children: dict[str, Child] = {}
    directories: list[str] = []
    for text in sys.stdin.buffer:
        line = json.loads(text)
        if "remove" in line:
            directories.append(line["remove"])
        else:
            children[line["name"]] = Child(line["name"], line["kind"], ProcessId(line["pid"], line["started"]))
    stop(children.values())
    stop_marked(mark)
    for directory in directories:
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    main(sys.argv[1])

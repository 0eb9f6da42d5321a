"""Processes known by pid and start time together, so that a reused pid is never taken for one of ours.

Linux only: everything is read from /proc, and signals go through pidfds, which cannot hit a stranger.
"""

import os
import signal
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

MARK = "SUPPORT_DESK_LAUNCH"

# What each kind is told to do, and how many seconds after the first telling. The sum stays below 5 s.
STOPPING: dict[str, tuple[tuple[float, signal.Signals], ...]] = {
    "app": ((0.0, signal.SIGTERM), (2.0, signal.SIGKILL)),
    "redis": ((0.0, signal.SIGTERM), (1.0, signal.SIGKILL)),
    "postgres": ((0.0, signal.SIGINT), (1.0, signal.SIGQUIT), (1.6, signal.SIGKILL)),
}


@dataclass(frozen=True, slots=True)
class ProcessId:
    """One life of one pid. `started` is in clock ticks since the machine started."""

    pid: int
    started: int


@dataclass(frozen=True, slots=True)
class Child:
    """A process the launcher started, and how it likes to be stopped."""

    name: str
    kind: str
    process: ProcessId


@dataclass(frozen=True, slots=True)
class _Row:
    process: ProcessId
    parent: int
    session: int
    zombie: bool


def _row(pid: int) -> _Row | None:
    try:
        text = Path(f"/proc/{pid}/stat").read_bytes().decode("ascii", "replace")
    except OSError:
        return None
    fields = text[text.rindex(")") + 2 :].split()
    return _Row(ProcessId(pid, int(fields[19])), int(fields[1]), int(fields[3]), fields[0] in "ZX")


def _rows() -> Iterator[_Row]:
    for name in os.listdir("/proc"):
        if name.isdigit() and (row := _row(int(name))):
            yield row


def identify(pid: int) -> ProcessId | None:
    """The process that has this pid now, or None when it is gone or only waits to be reaped."""
    row = _row(pid)
    return None if row is None or row.zombie else row.process


def is_alive(process: ProcessId) -> bool:
    """Whether this very process still runs. A zombie does not."""
    return identify(process.pid) == process


def family(process: ProcessId) -> list[ProcessId]:
    """The process, what it started, what those started, and everything in its session."""
    rows = [row for row in _rows() if not row.zombie]
    found = {row.process.pid for row in rows if row.process == process}
    if not found:
        return []
    grown = True
    while grown:
        more = {row.process.pid for row in rows if row.parent in found or row.session == process.pid} - found
        grown = bool(more)
        found |= more
    return [row.process for row in rows if row.process.pid in found]


def marked(mark: str) -> list[ProcessId]:
    """Every process whose environment carries this launch's mark, also one the launcher had no time to note down."""
    wanted = f"{MARK}={mark}".encode()
    found = []
    for row in _rows():
        try:
            environment = Path(f"/proc/{row.process.pid}/environ").read_bytes()
        except OSError:
            continue
        if wanted in environment.split(b"\0") and not row.zombie:
            found.append(row.process)
    return found


def send(process: ProcessId, what: signal.Signals) -> None:
    """Signal this very process; a process that has gone meanwhile is no error."""
    try:
        handle = os.pidfd_open(process.pid)
    except OSError:
        return
    try:
        if is_alive(process):
            signal.pidfd_send_signal(handle, what)
    except ProcessLookupError:
        pass
    finally:
        os.close(handle)


def _stop_together(children: list[Child]) -> None:
    """Walk each child through its signals until it and its family are gone. The last signal reaches the whole family."""
    families = {child.process: family(child.process) for child in children}
    begun = time.monotonic()
    done = dict.fromkeys(families, 0)
    while True:
        open_children = [child for child in children if any(is_alive(member) for member in families[child.process])]
        if not open_children or time.monotonic() - begun > 4:
            return
        for child in open_children:
            steps = STOPPING[child.kind]
            step = done[child.process]
            if step < len(steps) and time.monotonic() - begun >= steps[step][0]:
                done[child.process] = step + 1
                last = step + 1 == len(steps)
                for target in families[child.process] if last else [child.process]:
                    send(target, steps[step][1])
        time.sleep(0.02)


def stop(children: Iterable[Child]) -> None:
    """Stop our own processes, then the servers they talk to. Returns when all are gone; within 5 s."""
    everyone = list(children)
    _stop_together([child for child in everyone if child.kind == "app"])
    _stop_together([child for child in everyone if child.kind != "app"])


def stop_marked(mark: str) -> None:
    """Kill what carries the mark and is still there after the orderly stop."""
    for process in marked(mark):
        send(process, signal.SIGKILL)

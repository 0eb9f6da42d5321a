"""Starts children, tells the guard about each, starts crashed ones again a few times, and stops all of them."""

import os
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from support_desk.embedded.guard import PROJECT, Guard
from support_desk.embedded.output import Output
from support_desk.embedded.places import Account
from support_desk.embedded.problems import CannotStart
from support_desk.embedded.processes import MARK, Child, ProcessId, identify, stop, stop_marked

BACKOFF = (0.5, 1.0, 2.0, 4.0, 8.0)
STEADY_AFTER = 30.0


@dataclass(frozen=True, slots=True)
class Spec:
    """How to start one child. `kind` decides how it is stopped: app, redis or postgres."""

    name: str
    kind: str
    command: Sequence[str]
    colour: str = "white"
    environment: Mapping[str, str] = field(default_factory=dict)
    account: Account | None = None
    directory: Path = PROJECT


@dataclass(slots=True)
class _Running:
    spec: Spec
    popen: subprocess.Popen[bytes]
    child: Child
    since: float
    crashes: int = 0
    again_at: float | None = None


class Supervisor:
    """The children of one launch."""

    def __init__(self, guard: Guard, output: Output, changed: Callable[[], None] = lambda: None) -> None:
        self.guard = guard
        self.output = output
        self._changed = changed
        self._running: dict[str, _Running] = {}

    @property
    def children(self) -> list[Child]:
        """Every child as last started."""
        return [running.child for running in self._running.values()]

    def pid(self, name: str) -> int:
        """The process number of a child."""
        return self._running[name].popen.pid

    def start(self, spec: Spec) -> Child:
        """Start a child in a session of its own, so that only we signal it. The guard knows it before this returns."""
        popen = self._spawn(spec)
        child = Child(spec.name, spec.kind, identify(popen.pid) or ProcessId(popen.pid, 0))
        self.guard.watch(child)
        known = self._running.get(spec.name)
        self._running[spec.name] = _Running(spec, popen, child, time.monotonic(), known.crashes if known else 0)
        self._changed()
        return child

    def run(self, spec: Spec) -> None:
        """Run a child to its end. Raises: CannotStart unless it succeeds."""
        self.start(spec)
        code = self._running[spec.name].popen.wait()
        del self._running[spec.name]
        if code != 0:
            raise CannotStart(f"{spec.name} failed (exit code {code}); its lines above say why.")

    def check_running(self, name: str) -> None:
        """Raises: CannotStart when a child that is being waited for has ended."""
        code = self._running[name].popen.poll()
        if code is not None:
            raise CannotStart(f"{name} ended at once (exit code {code}); its lines above say why.")

    def tend(self) -> list[str]:
        """Start what has crashed again, each after a growing pause. Returns sentences about what happened.

        Raises: CannotStart when a child keeps crashing or nobody guards any more.
        """
        if not self.guard.is_up():
            raise CannotStart("The guard process has ended; without it a crash would leave processes behind.")
        return [said for running in list(self._running.values()) if (said := self._tend_one(running))]

    def _tend_one(self, running: _Running) -> str:
        now, name = time.monotonic(), running.spec.name
        if running.again_at is not None:
            if now >= running.again_at:
                self.start(running.spec)
            return ""
        code = running.popen.poll()
        if code is None:
            return ""
        if now - running.since > STEADY_AFTER:
            running.crashes = 0
        if running.crashes >= len(BACKOFF):
            raise CannotStart(f"{name} crashed {running.crashes + 1} times in a row (last exit code {code}).")
        pause = BACKOFF[running.crashes]
        running.crashes += 1
        running.again_at = now + pause
        return f"{name} ended (exit code {code}); starting it again in {pause:g} s"

    def stop(self) -> None:
        """Stop everything that was started, our processes before the servers. Repeat: harmless."""
        stop(self.children)
        stop_marked(self.guard.mark)
        for running in self._running.values():
            running.popen.wait(timeout=5)
        self._running.clear()

    def _spawn(self, spec: Spec) -> subprocess.Popen[bytes]:
        base = {"PATH": os.defpath, "LANG": "C.UTF-8"} if spec.kind != "app" else dict(os.environ)
        sink = self.output.open(spec.name, spec.colour)
        try:
            return subprocess.Popen(
                spec.command,
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                cwd=spec.directory,
                env={**base, **spec.environment, MARK: self.guard.mark},
                user=spec.account.uid if spec.account else None,
                group=spec.account.gid if spec.account else None,
                extra_groups=[] if spec.account else None,
                umask=0o077,
                start_new_session=True,
            )
        except OSError as problem:
            raise CannotStart(f"{spec.name} cannot be started: {problem}") from None
        finally:
            os.close(sink)

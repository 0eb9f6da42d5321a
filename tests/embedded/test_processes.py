"""Processes are told apart by start time, stopped whole, and started again a bounded number of times."""

import os
import signal
import subprocess
import sys
import time

import pytest

from support_desk.embedded import supervisor as supervising
from support_desk.embedded.guard import Guard
from support_desk.embedded.output import FileOutput
from support_desk.embedded.problems import CannotStart
from support_desk.embedded.processes import MARK, Child, ProcessId, family, identify, is_alive, marked, send, stop
from support_desk.embedded.supervisor import Spec, Supervisor

SLEEPER = (sys.executable, "-c", "import time; time.sleep(600)")
STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(600)"
)
PARENT_OF_ONE = "import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', sys.argv[1]]); time.sleep(600)"


@pytest.fixture
def supervisor(tmp_path):
    guard = Guard(f"test-{time.monotonic_ns()}")
    supervisor = Supervisor(guard, FileOutput(tmp_path / "logs"))
    yield supervisor
    supervisor.stop()
    guard.close()


def until(true, seconds: float = 10) -> None:
    """Wait for a condition; fail when it does not come."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


def test_a_reused_number_is_somebody_else():
    me = identify(os.getpid())
    stranger = ProcessId(me.pid, me.started + 1)
    send(stranger, signal.SIGKILL)
    stop([Child("app", "app", stranger)])
    assert (is_alive(me), is_alive(stranger), family(stranger)) == (True, False, [])


def test_a_zombie_counts_as_gone():
    with subprocess.Popen([sys.executable, "-c", ""], stdout=subprocess.PIPE) as popen:
        popen.stdout.read()
        until(lambda: identify(popen.pid) is None)


def test_stopping_takes_the_deaf_and_their_children_too(supervisor, tmp_path):
    child = supervisor.start(Spec("deaf", "app", (sys.executable, "-c", PARENT_OF_ONE, STUBBORN)))
    until(lambda: "deaf" in (tmp_path / "logs" / "deaf.log").read_text())
    everybody = family(child.process)
    begun = time.monotonic()

    supervisor.stop()

    assert len(everybody) == 2
    assert [process for process in everybody if is_alive(process)] == []
    assert time.monotonic() - begun < 5


def test_what_nobody_noted_down_is_found_by_its_mark():
    mark = f"mark-{time.monotonic_ns()}"
    with subprocess.Popen(SLEEPER, env=os.environ | {MARK: mark}) as popen:
        until(lambda: marked(mark) == [identify(popen.pid)])
        popen.kill()
    assert marked(mark) == []


def test_a_crashed_child_is_started_again_after_a_pause(supervisor, monkeypatch):
    monkeypatch.setattr(supervising, "BACKOFF", (0.1, 0.1))
    first = supervisor.start(Spec("sleeper", "app", SLEEPER))
    send(first.process, signal.SIGKILL)

    said = []
    until(lambda: said.extend(supervisor.tend()) or supervisor.children[0] != first)

    assert said == ["sleeper ended (exit code -9); starting it again in 0.1 s"]
    assert is_alive(supervisor.children[0].process)


def test_a_child_that_keeps_crashing_ends_the_desk(supervisor, monkeypatch):
    monkeypatch.setattr(supervising, "BACKOFF", (0.01, 0.01))
    supervisor.start(Spec("broken", "app", (sys.executable, "-c", "raise SystemExit(3)")))
    with pytest.raises(CannotStart, match=r"broken crashed 3 times in a row \(last exit code 3\)"):
        until(lambda: supervisor.tend() and False)


def test_a_dead_guard_ends_the_desk(supervisor):
    send(supervisor.guard.process, signal.SIGKILL)
    until(lambda: not supervisor.guard.is_up())
    with pytest.raises(CannotStart, match="The guard process has ended"):
        supervisor.tend()


def test_a_command_that_fails_is_named(supervisor):
    with pytest.raises(CannotStart, match=r"migrate failed \(exit code 4\)"):
        supervisor.run(Spec("migrate", "app", (sys.executable, "-c", "raise SystemExit(4)")))
    assert supervisor.children == []


def test_a_program_that_is_not_there_is_named(supervisor):
    with pytest.raises(CannotStart, match="nothing cannot be started"):
        supervisor.start(Spec("nothing", "app", ("/nonexistent/program",)))

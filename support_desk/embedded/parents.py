"""Ends this process when the one that started it ends, or is about to."""

import ctypes
import os
import signal
import threading
import time
from pathlib import Path

PR_SET_PDEATHSIG = 1
LOOK_EVERY = 0.25
ASKING = (signal.SIGINT, signal.SIGHUP, signal.SIGTERM)


def end_with_parent() -> None:
    """Have SIGTERM sent to this process when its parent ends by whatever signal, also one that only asked the parent to end.

    The kernel tells about a parent that has died. A `make` that was interrupted by number (not by Ctrl-C, which reaches
    everybody) waits for its children without telling them: it is recognised by no longer catching the signal.
    """
    parent = os.getppid()
    caught = _caught_by(parent)
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    threading.Thread(target=_watch, args=(parent, caught), daemon=True, name="parent").start()


def _watch(parent: int, caught: int) -> None:
    while os.getppid() == parent and (_caught_by(parent) & caught) == caught:
        time.sleep(LOOK_EVERY)
    os.kill(os.getpid(), signal.SIGTERM)


def _caught_by(pid: int) -> int:
    """Which of the asking signals a process has a handler for, as the kernel's bit mask."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    mask = next(int(line.split()[1], 16) for line in lines if line.startswith("SigCgt:"))
    return mask & sum(1 << (number - 1) for number in ASKING)

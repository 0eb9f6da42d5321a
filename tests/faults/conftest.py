"""The stage of the faults: a site with generous limits, agents, and servers of their own that a test may kill.

Imports of the product stand inside: this file is read before the settings.
"""

import time
from pathlib import Path

import pytest

from tests.core.redis_server import throwaway_redis

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
HERE = Path(__file__).parent


@pytest.fixture
def site(committed_db):
    """Larkfield, answered for by one agent on shift, with limits that traffic does not reach."""
    from accounts.actions.sites import set_policy
    from accounts.recording import COMMAND_LINE
    from tests.cast import make_agent, make_site

    make_agent("owner@desk.example", capacity=50, totp_secret=SECRET)
    made = make_site()
    for name in ("messages_per_minute", "sessions_per_minute_per_address"):
        set_policy(site=made, name=f"limit.{name}", value=1_000_000, actor=None, origin=COMMAND_LINE)
    return made


@pytest.fixture
def own_redis():
    """A Redis of this test alone, to be flushed and killed."""
    with throwaway_redis() as server:
        yield server


class Pauses:
    """Tells processes started with `environment` where to stop, and says when they have."""

    def __init__(self, directory):
        self._directory = directory
        self.environment = {"FAULT_DIR": str(directory), "PYTHONPATH": str(HERE / "pausing")}

    def arm(self, name, point):
        """From now on the process `name` (a port, or its FAULT_NAME) stops when it comes to the point."""
        (self._directory / f"arm-{name}.new").write_text(point)
        (self._directory / f"arm-{name}.new").rename(self._directory / f"arm-{name}")

    def disarm(self, name):
        """The next life of the process runs through."""
        (self._directory / f"arm-{name}").unlink()

    def is_reached(self, name):
        """Whether the process stands there."""
        return (self._directory / f"reached-{name}").exists()


@pytest.fixture
def pauses(tmp_path):
    """See Pauses."""
    (tmp_path / "pauses").mkdir()
    return Pauses(tmp_path / "pauses")


@pytest.fixture
def until():
    """Waits for something in a test without a loop: until(condition, seconds)."""

    def wait(condition, seconds=30.0):
        end = time.monotonic() + seconds
        while not (found := condition()):
            assert time.monotonic() < end, "it did not happen in time"
            time.sleep(0.05)
        return found

    return wait

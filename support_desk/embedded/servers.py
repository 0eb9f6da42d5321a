"""PostgreSQL and Redis together: for the launcher, and for tests as `with embedded_servers(directory) as servers`."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from support_desk.embedded import places, postgres, redis, values
from support_desk.embedded.addresses import Addresses
from support_desk.embedded.guard import Guard
from support_desk.embedded.output import FileOutput
from support_desk.embedded.places import Home
from support_desk.embedded.supervisor import Spec, Supervisor


@dataclass(frozen=True, slots=True)
class Servers:
    """A running PostgreSQL and Redis, and what stops and restarts them (names `postgres` and `redis`)."""

    home: Home
    addresses: Addresses
    supervisor: Supervisor


def start_postgres(supervisor: Supervisor, home: Home, addresses: Addresses, *, safely: bool = True) -> None:
    """The database server with its two roles and the database `desk`. Raises: CannotStart."""
    postgres.make_cluster(home, addresses.values, safely=safely)
    supervisor.start(
        Spec("postgres", "postgres", postgres.command(home), "blue", account=home.account, directory=home.postgres)
    )
    postgres.wait_until_up(home, addresses, ended=lambda: supervisor.check_running("postgres"))
    postgres.make_roles(addresses)
    postgres.make_database(addresses)


def start_redis(supervisor: Supervisor, home: Home, addresses: Addresses) -> None:
    """The hints server. Raises: CannotStart."""
    places.make_private(home.redis, home.account)
    supervisor.start(Spec("redis", "redis", redis.command(home), "red", account=home.account, directory=home.redis))
    redis.wait_until_up(addresses, ended=lambda: supervisor.check_running("redis"))


@contextmanager
def embedded_servers(data_dir: Path, *, safely: bool = True, thrown_away: bool = False) -> Iterator[Servers]:
    """Both servers, running until the block ends or this process dies, however it dies.

    `safely=False` skips flushing to disk while the cluster is made (not while it runs); `thrown_away` deletes the directory
    at the end, also when this process is killed.
    """
    places.make_data_dir(data_dir)
    guard = Guard(secrets.token_hex(16))
    supervisor = Supervisor(guard, FileOutput(data_dir / "logs"))
    if thrown_away:
        guard.remove_later(data_dir)
    try:
        home = places.make_home(data_dir, guard)
        if thrown_away:
            guard.remove_later(home.root)
        addresses = Addresses(home.sockets, values.load_or_make(data_dir))
        start_postgres(supervisor, home, addresses, safely=safely)
        start_redis(supervisor, home, addresses)
        yield Servers(home, addresses, supervisor)
    finally:
        supervisor.stop()
        guard.close()

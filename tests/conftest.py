"""Fixtures of every test: real servers, a database of its own per worker, the app's role."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
import redis
from django.conf import settings
from django.db import connections

from core import limits
from support_desk.embedded.problems import CannotStart
from tests.desk import RunningDesk, running_desk
from tests.servers import Seeds, TestServers, begin, make_worker_database

SERVERS = pytest.StashKey[TestServers]()


def pytest_configure(config: pytest.Config) -> None:
    """Start the servers before settings are read: settings take their addresses from the environment."""
    if settings.configured:
        raise pytest.UsageError("Django's settings were read too early; unset DJANGO_SETTINGS_MODULE.")
    stack = ExitStack()
    config.add_cleanup(stack.close)
    try:
        config.stash[SERVERS] = begin(stack)
    except CannotStart as problem:
        raise pytest.UsageError(str(problem)) from None
    settings.DATABASES  # noqa: B018 reads the settings now, so that pytest-django finds them


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes() -> None:
    """Workers read settings of their own, after they have pointed the environment at their own database."""
    os.environ.pop("DJANGO_SETTINGS_MODULE", None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The app's role may not truncate, so Django's way of emptying tables is closed to it."""
    for item in items:
        for marker in item.iter_markers("django_db"):
            if marker.kwargs.get("transaction"):
                raise pytest.UsageError(
                    f"{item.nodeid}: use the fixture `committed_db` instead of django_db(transaction=True)"
                )


@pytest.fixture(scope="session")
def servers(pytestconfig: pytest.Config) -> TestServers:
    """Addresses of the run's PostgreSQL and Redis."""
    return pytestconfig.stash[SERVERS]


@pytest.fixture(scope="session")
def django_db_setup(servers: TestServers) -> Iterator[None]:
    """This worker's database: a copy of the migrated one, used by the app's role."""
    make_worker_database(servers)
    yield
    connections.close_all()


@pytest.fixture(scope="session")
def _seeds(servers: TestServers, django_db_setup: None) -> Seeds:
    return Seeds(servers)


@pytest.fixture(scope="session")
def _redis(servers: TestServers) -> Iterator[redis.Redis]:
    client = redis.Redis.from_url(servers.redis_url)
    yield client
    client.close()


@pytest.fixture(autouse=True)
def _no_leftovers_in_redis(servers: TestServers, _redis: redis.Redis) -> Iterator[None]:
    limits._windows.forget()  # what was counted here while Redis was slow
    yield
    names = list(_redis.scan_iter(f"{servers.prefix}*", count=10_000))
    if names:
        _redis.unlink(*names)


@pytest.fixture
def committed_db(_seeds: Seeds, django_db_blocker) -> Iterator[None]:
    """The real database without a surrounding transaction, for tests with real processes or threads; emptied afterwards."""
    with django_db_blocker.unblock():
        try:
            yield
        finally:
            connections.close_all()
            _seeds.restore()


@pytest.fixture
def desk(committed_db: None, servers: TestServers, tmp_path) -> Iterator[Callable[..., RunningDesk]]:
    """Starts real processes: desk(web=2, worker=True, beat=False, NAME="environment value") -> RunningDesk."""
    with ExitStack() as stack:

        def start(*, web: int = 1, worker: bool = False, beat: bool = False, **extra: str) -> RunningDesk:
            environment = {**servers.environment(), **extra}
            logs = tmp_path / f"desk-{len(os.listdir(tmp_path))}"
            return stack.enter_context(running_desk(environment, logs, web=web, worker=worker, beat=beat))

        yield start

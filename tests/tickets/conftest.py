"""The people of the tickets' tests. Imports stand inside: this file is read before the settings when tests are named one by one."""

import pytest
from django.db import connection


@pytest.fixture
def cast():
    import tests.cast

    return tests.cast


@pytest.fixture
def site(db, cast):
    cast.make_agent("owner@desk.example", present=False)  # makes the default team
    return cast.make_site()


@pytest.fixture
def owner(site, cast):
    return cast.make_agent("owner@desk.example", languages=["en"])


@pytest.fixture
def colleague(site, cast):
    return cast.make_agent("colleague@desk.example", languages=["en", "zh-hans"])


@pytest.fixture
def outsider(site, cast):
    """An agent of another team: sees nothing of ours."""
    return cast.make_agent("outsider@desk.example", team="Elsewhere")


@pytest.fixture
def browser(site, cast):
    return cast.make_browser(site)


@pytest.fixture
def stranger(site, cast):
    return cast.make_browser(site)


class Published:
    """What waits to be published at the commit that a test never makes."""

    def clear(self):
        connection.run_on_commit.clear()

    def _calls(self):
        return [call.args for _savepoints, call, _robust in connection.run_on_commit if hasattr(call, "args")]

    def groups(self):
        return [frame.group for frames, _events in self._calls() for frame in frames]

    def events(self):
        return [(event.kind, event.ids) for _frames, events in self._calls() for event in events]


@pytest.fixture
def published(db):
    return Published()

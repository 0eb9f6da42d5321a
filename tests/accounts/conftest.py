"""People and sites of the accounts' tests. Models are imported late: settings are read after this file."""

from importlib import import_module

import pytest


@pytest.fixture
def staff(db):
    return import_module("tests.accounts.staff")


@pytest.fixture
def site(staff):
    return staff.make_site("larkfield")


@pytest.fixture
def other_site(staff):
    return staff.make_site("other")


@pytest.fixture
def team(staff, site):
    return staff.make_team(site)


@pytest.fixture
def person(staff):
    """Makes people: person("lead", role="lead", enrolled=False, is_staff=True)."""

    def make(name: str = "tala", *, role: str | None = "agent", enrolled: bool = True, **fields):
        return staff.make_person(name, role=role, enrolled=enrolled, **fields)

    return make


@pytest.fixture
def agent(staff, person, team):
    return staff.make_agent(person(), team)

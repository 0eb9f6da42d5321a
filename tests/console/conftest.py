"""The people of the console's tests. Models are imported late: settings are read after this file."""

from importlib import import_module

import pytest


@pytest.fixture
def people():
    return import_module("tests.console.people")


@pytest.fixture
def site(db, people):
    return people.make_people()


@pytest.fixture
def committed_site(committed_db, people):
    return people.make_people()


@pytest.fixture
def owner(site, people):
    return people.console_of("owner")


@pytest.fixture
def colleague(site, people):
    return people.console_of("colleague")


@pytest.fixture
def outsider(site, people):
    return people.console_of("outsider")


@pytest.fixture
def lead(site, people):
    people.make_lead()
    return people.console_of("lead")


@pytest.fixture
def customer(site):
    return import_module("tests.cast").make_browser(site)


@pytest.fixture
def queued(customer):
    """A customer's ticket that waits for an agent, with two entries."""
    customer.says("My withdrawal has not arrived.")
    customer.asks_for_human()
    return customer.ticket()


@pytest.fixture
def held(queued, owner):
    """The same ticket, taken by the owner."""
    answer = owner.post(queued, "assign")
    assert answer.status_code == 200, answer.content
    queued.refresh_from_db()
    return queued

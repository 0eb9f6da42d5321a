"""The people of the console's tests. Imports of the product stand inside: this file is read before the settings."""

import pytest
from django.test import Client

OURS = "http://127.0.0.1:8000"
KEY = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
JSON = {"accept": "application/json"}


@pytest.fixture
def cast():
    import tests.cast

    return tests.cast


def signed_in(agent):
    """A browser of an agent with both factors passed."""
    import time

    from accounts import codes

    client = Client()
    client.post("/accounts/login/", {"username": agent.user.email, "password": "correct-horse-battery"})
    code = codes.totp(KEY, codes.step_at(time.time()))
    answer = client.post("/accounts/verify/", {"otp_token": code})
    assert answer.status_code == 302, answer.status_code
    return client


class Console:
    """What one agent does in the console."""

    def __init__(self, agent):
        self.agent = agent
        self.client = signed_in(agent)

    @property
    def session_key(self):
        return self.client.session.session_key

    def page(self, ticket):
        return self.client.get(f"/console/tickets/{ticket.public_id}/")

    def entries(self, ticket, after=0):
        return self.client.get(f"/console/tickets/{ticket.public_id}/entries", {"after": after})

    def post(self, ticket, what, data=None, **more):
        return self.client.post(f"/console/tickets/{ticket.public_id}/{what}", data or {}, headers=JSON, **more)

    def says(self, ticket, body, **more):
        from uuid import uuid4

        ticket.refresh_from_db()
        data = {"client_id": uuid4(), "body": body, "kind": "agent", "seen_seq": ticket.last_seq} | more
        return self.post(ticket, "messages", data)


def make_people(cast):
    """A site, and three agents with authenticators: two of its team and one of another."""
    cast.make_agent("owner@desk.example", totp_secret=KEY, languages=["en"], name="Olive Owner")
    cast.make_agent("colleague@desk.example", totp_secret=KEY, languages=["en"])
    cast.make_agent("outsider@desk.example", totp_secret=KEY, team="Elsewhere")
    return cast.make_site()


@pytest.fixture
def site(db, cast):
    return make_people(cast)


@pytest.fixture
def committed_site(committed_db, cast):
    return make_people(cast)


def console_of(name):
    from accounts.models import Agent

    return Console(Agent.objects.select_related("user").get(user__email=f"{name}@desk.example"))


@pytest.fixture
def owner(site):
    return console_of("owner")


@pytest.fixture
def colleague(site):
    return console_of("colleague")


@pytest.fixture
def outsider(site):
    return console_of("outsider")


@pytest.fixture
def customer(site, cast):
    return cast.make_browser(site)


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

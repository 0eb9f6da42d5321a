"""Agents at their consoles, signed in with both factors."""

import time
from importlib import import_module
from uuid import uuid4

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.test import Client

from accounts import sessions
from accounts.models import Agent, TotpDevice
from tests.cast import make_agent, make_site

KEY = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
JSON = {"accept": "application/json"}
NAMES = ("owner", "colleague", "outsider")


class Console:
    """What one agent does in the console."""

    def __init__(self, agent):
        self.agent = agent
        self.client = signed_in(agent)
        self.session_key = self.client.session.session_key

    def page(self, ticket):
        return self.client.get(f"/console/tickets/{ticket.public_id}/")

    def entries(self, ticket, after=0):
        return self.client.get(f"/console/tickets/{ticket.public_id}/entries", {"after": after})

    def post(self, ticket, what, data=None):
        return self.client.post(f"/console/tickets/{ticket.public_id}/{what}", data or {}, headers=JSON)

    def says(self, ticket, body, **more):
        ticket.refresh_from_db()
        data = {"client_id": uuid4(), "body": body, "kind": "agent", "seen_seq": ticket.last_seq} | more
        return self.post(ticket, "messages", data)


def signed_in(agent):
    """A browser with a session as both factors leave it. How they are asked for is tested with the accounts."""
    request = HttpRequest()
    request.user = AnonymousUser()
    request.META["REMOTE_ADDR"] = "127.0.0.1"
    request.session = import_module(settings.SESSION_ENGINE).SessionStore()
    sessions.complete(request, agent.user, TotpDevice.objects.get(user=agent.user), at=time.time())
    request.session.save()
    client = Client()
    client.cookies[settings.SESSION_COOKIE_NAME] = request.session.session_key
    return client


def make_people():
    """A site, two agents of its team and one of another."""
    make_agent("owner@desk.example", totp_secret=KEY, languages=["en"], name="Olive Owner")
    make_agent("colleague@desk.example", totp_secret=KEY, languages=["en"])
    make_agent("outsider@desk.example", totp_secret=KEY, team="Elsewhere")
    return make_site()


def make_lead():
    """Somebody who leads the desk and takes no chats."""
    make_agent("lead@desk.example", totp_secret=KEY, role="lead", present=False, name="Lena Lead")


def console_of(name):
    """A console in which this person has just signed in."""
    return Console(Agent.objects.select_related("user").get(user__email=f"{name}@desk.example"))

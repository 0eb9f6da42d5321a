"""Fills a desk for a load run: customers with tickets that agents hold, and agents who are signed in.

Called by run.py with the desk's environment; writes what desk_load.py needs. Everything is made by the product's own
actions; only the limits are lifted, by policy rows, as an operator would.
"""

import json
import sys
from base64 import b32encode
from pathlib import Path
from secrets import token_bytes
from uuid import uuid4

import django

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
django.setup()

from accounts.actions.people import create_agent  # noqa: E402 - needs the apps
from accounts.actions.sessions import open_session  # noqa: E402
from accounts.actions.sites import create_site, set_policy  # noqa: E402
from accounts.recording import COMMAND_LINE  # noqa: E402
from core.db import utc_now  # noqa: E402
from tests.clients import sign_in  # noqa: E402
from tickets.actions.agents import assign_ticket  # noqa: E402
from tickets.actions.messages import post_customer_message  # noqa: E402

PASSWORD = "only-for-this-benchmark"


def main(base: str, visitors: int, agents: int, idle: int, target: Path) -> None:
    """Make `visitors` customers with a ticket each, `agents` who share them, and `idle` sessions without a ticket."""
    staff = [_agent(number) for number in range(agents)]
    site = create_site(key="bench", name="Bench", origins=[base], origin=COMMAND_LINE)
    for name in ("messages_per_minute", "sessions_per_minute_per_address"):
        set_policy(site=site, name=f"limit.{name}", value=100_000_000, actor=None, origin=COMMAND_LINE)
    talking = [_visitor(site, staff[number % agents][0]) for number in range(visitors)]
    silent = [{"token": _session(site).token} for _ in range(idle)]
    signed = [{"cookie": _cookie(base, agent.user.email, secret)} for agent, secret in staff]
    target.write_text(json.dumps({"base": base, "visitors": talking + silent, "agents": signed}))


def _agent(number: int):
    secret = b32encode(token_bytes(20)).decode()
    email = f"agent{number}@bench.example"
    agent = create_agent(email=email, password=PASSWORD, totp_secret=secret, capacity=100, origin=COMMAND_LINE)
    return agent, secret


def _session(site):
    return open_session(site=site, identity=None, resume=None, language="en", now=utc_now())


def _visitor(site, agent):
    opened = _session(site)
    posted = post_customer_message(
        customer=opened.customer, session_assurance="anonymous", client_id=uuid4(), body="hello", language="en"
    )
    assign_ticket(user=agent.user, ticket=posted.ticket)
    return {"token": opened.token, "talks": True}


def _cookie(base: str, email: str, secret: str) -> str:
    browser = sign_in(base, email, PASSWORD, secret)
    return "; ".join(f"{name}={value}" for name, value in browser.cookies.items())


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:5]), Path(sys.argv[5]))

"""A chain to tamper with, and hands that may: the superuser, with the guard asleep."""

from datetime import timedelta

import psycopg
from django.db import connection, transaction

from core.audit.actions import Actor, append
from core.audit.verification import Problem, verify_audit
from core.db import utc_now

AGENT = Actor("user", "7", role="agent", session="session-key", address="192.0.2.1")


def add(count=1, action="customer.viewed"):
    """Entries as the desk writes them, each in a transaction of its own."""
    for number in range(count):
        with transaction.atomic():
            append(actor=AGENT, action=action, object_kind="customer", object_id=number, facts={"fields": ["email"]})


def tamper(servers, *statements):
    """What somebody with every right in the database can do."""
    connection.close()
    with psycopg.connect(servers.superuser_url) as hands:
        hands.execute("ALTER TABLE audit_entry DISABLE TRIGGER ALL")
        for statement in statements:
            hands.execute(*statement) if isinstance(statement, tuple) else hands.execute(statement)
        hands.execute("ALTER TABLE audit_entry ENABLE TRIGGER ALL")


def kinds(**moment):
    """The kinds of what verification finds."""
    return {problem.kind for problem in problems(**moment)}


def problems(later=timedelta(0)) -> list[Problem]:
    """What verification finds."""
    return verify_audit(now=utc_now() + later).problems

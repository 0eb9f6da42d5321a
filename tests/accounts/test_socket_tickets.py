"""Socket tickets open one socket of one session, once."""

from datetime import timedelta
from threading import Barrier, Thread

import pytest
import time_machine
from django.db import connection
from django.utils import timezone

from accounts.models import SpentTicket, User
from accounts.socket_tickets import LIFE, forget_expired, issue, redeem
from tests.accounts.staff import make_person

SESSION = "s" * 32


def test_a_ticket_is_spent_once(agent):
    ticket = issue(agent.user, SESSION)
    assert redeem(ticket, SESSION) == agent.user.pk
    assert redeem(ticket, SESSION) is None
    assert redeem(issue(agent.user, SESSION), SESSION) == agent.user.pk


def test_a_ticket_of_another_session_is_refused_and_not_spent(agent):
    ticket = issue(agent.user, SESSION)
    assert redeem(ticket, "t" * 32) is None
    assert redeem(ticket, SESSION) == agent.user.pk


@pytest.mark.parametrize("change", [{"session_epoch": 2}, {"is_active": False}])
def test_a_ticket_ends_with_the_sign_in(agent, change):
    ticket = issue(agent.user, SESSION)
    User.objects.update(**change)
    assert redeem(ticket, SESSION) is None
    assert not SpentTicket.objects.exists()


@pytest.mark.parametrize("forged", ["", "x", "a:b:c", "x" * 5000, "\x00", "é"])
def test_forged_tickets_open_nothing(agent, forged):
    assert redeem(forged, SESSION) is None


def test_a_changed_ticket_opens_nothing(agent):
    ticket = issue(agent.user, SESSION)
    assert redeem(ticket[:-1] + ("A" if ticket[-1] != "A" else "B"), SESSION) is None
    assert SESSION not in ticket


def test_an_old_ticket_opens_nothing(agent):
    ticket = issue(agent.user, SESSION)
    with time_machine.travel(timezone.now() + LIFE + timedelta(seconds=5)):
        assert redeem(ticket, SESSION) is None


def test_spent_rows_go_when_the_ticket_would_have_expired(agent):
    redeem(issue(agent.user, SESSION), SESSION)
    assert forget_expired() == 0
    SpentTicket.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert forget_expired() == 1


def test_twenty_sockets_at_once_spend_one_ticket_once(committed_db):
    user = make_person("tala", role="agent", enrolled=False).user
    ticket, start, results = issue(user, SESSION), Barrier(20), []

    def come():
        start.wait()
        results.append(redeem(ticket, SESSION))
        connection.close()

    threads = [Thread(target=come) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results, key=str) == [user.pk] + [None] * 19

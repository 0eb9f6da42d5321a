"""Limits on guessing that no stranger can turn against the person, and what is left behind."""

from datetime import timedelta

import pytest
from axes.models import AccessAttempt
from django.contrib.sessions.models import Session
from django.test import AsyncClient, Client
from django.utils import timezone

from accounts import known_browsers
from accounts.actions.staff_sessions import forget_ended_sign_ins
from accounts.models import DataKey, SpentTicket
from accounts.socket_tickets import issue, redeem
from core.audit.models import Entry
from core.crypto import rotation
from core.limits import Limit


@pytest.fixture
def narrow(monkeypatch):
    """Limits small enough to reach."""
    monkeypatch.setattr(known_browsers, "BY_ACCOUNT", Limit("test_account", 3, 3600))
    monkeypatch.setattr(known_browsers, "BY_ADDRESS", Limit("test_address", 8, 300))


def guess(client: Client, address: str, username: str = "tala@desk.example") -> int:
    data = {"username": username, "password": "wrong"}
    return client.post("/accounts/login/", data, REMOTE_ADDR=address).status_code


def test_guesses_at_one_account_from_everywhere_are_limited(narrow, agent):
    assert [guess(Client(), f"10.0.0.{n}") for n in range(5)] == [422, 422, 422, 429, 429]
    assert guess(Client(), "10.0.1.1", "other@desk.example") == 422


def test_the_persons_own_browser_is_not_kept_out_by_strangers(narrow, agent):
    own = Client(REMOTE_ADDR="10.9.9.9")
    assert agent.sign_in(own).status_code == 302
    own.post("/accounts/logout/")
    assert [guess(Client(), f"10.0.0.{n}") for n in range(3)] == [422, 422, 429]
    assert agent.enter_password(Client(REMOTE_ADDR="10.8.8.8")).status_code == 429
    assert agent.enter_password(own).url == "/accounts/verify/"


def test_a_forged_or_foreign_cookie_does_not_make_a_browser_known(narrow, agent, person):
    other = person("other")
    browser = Client(REMOTE_ADDR="10.9.9.9")
    other.sign_in(browser)
    browser.post("/accounts/logout/")
    [guess(Client(), f"10.0.0.{n}") for n in range(3)]
    assert agent.enter_password(browser).status_code == 429
    browser.cookies[known_browsers.COOKIE] = "tala@desk.example"
    assert agent.enter_password(browser).status_code == 429


def test_guesses_from_one_address_are_limited_over_all_accounts(narrow, agent):
    statuses = [guess(Client(), "10.0.0.1", f"user{n}@desk.example") for n in range(10)]
    assert statuses == [422] * 8 + [429, 429]
    assert guess(Client(), "10.0.0.2") == 422


def test_behind_a_proxy_strangers_are_told_apart(narrow, agent, settings):
    """Else sixty wrong passwords of anybody would keep the whole staff out, and five a single person."""
    settings.TRUSTED_PROXIES = 1
    stranger, own = {"HTTP_X_FORWARDED_FOR": "198.51.100.7"}, {"HTTP_X_FORWARDED_FOR": "203.0.113.9"}
    for number in range(10):
        data = {"username": f"user{number}@desk.example", "password": "wrong"}
        Client(**stranger).post("/accounts/login/", data)
    assert Client(**stranger).post("/accounts/login/", data).status_code == 429
    assert agent.enter_password(Client(**own)).url == "/accounts/verify/"


def test_behind_a_proxy_a_stranger_locks_nobody_out(agent, settings):
    settings.TRUSTED_PROXIES = 1
    data = {"username": agent.user.email, "password": "wrong"}
    stranger, own = Client(HTTP_X_FORWARDED_FOR="198.51.100.7"), Client(HTTP_X_FORWARDED_FOR="203.0.113.9")
    assert [stranger.post("/accounts/login/", data).status_code for _ in range(6)][-1] == 429
    assert agent.sign_in(own).status_code == 302
    assert Entry.objects.get(action="signed_in").address == "203.0.113.9"


def test_looking_at_the_sign_in_pages_stores_nothing(agent):
    """Anybody may look, as often as they like."""
    for path in ("/accounts/login/", "/accounts/login/?next=//evil.example/", "/accounts/verify/", "/accounts/enrol/"):
        assert Client().get(path).status_code in (200, 401)
    assert Session.objects.count() == 0
    Client().get("/accounts/login/?next=/console/")
    assert Session.objects.get().expire_date < timezone.now() + timedelta(minutes=11)


def test_a_form_that_is_far_too_long_is_not_kept(client, agent):
    data = {"username": "tala@desk.example", "password": "wrong", "more": "x" * 10_000}
    assert client.post("/accounts/login/", data).status_code == 413
    assert not AccessAttempt.objects.exists()


def test_no_password_is_kept_with_a_wrong_try(client, agent):
    client.post("/accounts/login/", {"username": "tala@desk.example", "password": "my secret words"})
    attempt = AccessAttempt.objects.get()
    assert attempt.username == "tala@desk.example"
    assert "my secret words" not in attempt.post_data + attempt.get_data


def test_what_ended_sign_ins_left_behind_is_removed(client, agent):
    agent.sign_in(client)
    redeem(issue(agent.user, "s" * 32), "s" * 32)
    guess(Client(), "10.0.0.1")
    assert forget_ended_sign_ins() == 0
    long_ago = timezone.now() - timedelta(days=2)
    Session.objects.update(expire_date=long_ago)
    SpentTicket.objects.update(expires_at=long_ago)
    AccessAttempt.objects.update(attempt_time=long_ago)
    assert forget_ended_sign_ins() == 3
    assert not Session.objects.exists()


def test_every_sealed_column_of_accounts_is_rotated():
    columns = {column.label for column in rotation.sealed_columns()}
    assert {"accounts.DataKey.wrapped", "accounts.TotpDevice.key", "accounts.IssuerKey.key"} <= columns
    column = next(column for column in rotation.sealed_columns() if column.model is DataKey)
    row = DataKey()
    assert column.aad_of(row) == f"accounts.datakey.wrapped:{row.public_id}".encode()


async def test_the_doors_hold_in_the_asynchronous_chain_too(committed_db):
    answer = await AsyncClient().get("/console/")
    assert (answer.status_code, answer.url) == (302, "/accounts/login/?next=%2Fconsole%2F")
    refused = await AsyncClient().get("/admin/", headers={"Accept": "application/json"})
    assert refused.status_code == 401

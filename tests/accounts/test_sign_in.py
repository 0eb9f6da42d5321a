"""Signing in: password, second factor, and nothing on the way."""

from datetime import timedelta
from threading import Barrier, Thread
from time import time

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts import codes, sessions
from accounts.actions import second_factor, staff_sessions
from accounts.models import RecoveryCode, TotpDevice, User
from accounts.recording import COMMAND_LINE
from accounts.selectors import StaffSession, ended_staff_sessions
from core.audit.models import Entry
from tests.accounts.staff import KEY, PASSWORD, make_person

CONSOLE = "/console/"


def opens(client: Client) -> bool:
    """Whether the console is open to this browser."""
    answer = client.get(CONSOLE)
    assert answer.status_code in {200, 302}
    return answer.status_code == 200


def actions() -> list[str]:
    return list(Entry.objects.order_by("sequence").values_list("action", flat=True))


def test_password_then_code_opens_the_console(client, agent):
    first = agent.enter_password(client)
    assert (first.status_code, first.url) == (302, "/accounts/verify/")
    assert not opens(client)
    page = client.get("/accounts/verify/")
    assert page.status_code == 200
    assert 'name="otp_token"' in page.content.decode()
    second = client.post("/accounts/verify/", {"otp_token": agent.code()})
    assert (second.status_code, second.url) == (302, "/console/")
    assert opens(client)
    assert actions() == ["signed_in"]
    entry = Entry.objects.get()
    assert (entry.actor_kind, entry.actor_id, entry.address) == ("staff", str(agent.user.pk), "127.0.0.1")


def test_the_address_may_be_typed_in_any_case(client, agent):
    answer = client.post("/accounts/login/", {"username": " TALA@desk.EXAMPLE ", "password": PASSWORD})
    assert answer.url == "/accounts/verify/"


def test_the_session_id_changes_at_both_steps(client, agent):
    client.get("/accounts/login/?next=/console/")
    anonymous = client.session.session_key
    agent.enter_password(client)
    between = client.session.session_key
    client.post("/accounts/verify/", {"otp_token": agent.code()})
    after = client.session.session_key
    assert len({anonymous, between, after, None}) == 4
    assert set(Session.objects.values_list("session_key", flat=True)) == {after}


def test_between_the_steps_nobody_is_signed_in(client, agent):
    agent.enter_password(client)
    assert "_auth_user_id" not in client.session
    assert client.session.get_expiry_age() <= 600


@pytest.mark.parametrize(
    ("username", "password"),
    [
        ("tala@desk.example", "wrong password"),
        ("nobody@desk.example", PASSWORD),
        ("nobody@desk.example", "wrong password"),
        ("gone@desk.example", PASSWORD),
        ("tala@desk.example", PASSWORD + " "),
    ],
)
def test_every_wrong_pair_has_the_same_answer(client, agent, person, username, password):
    person("gone", is_active=False)
    pages = []
    for given in ((username, password), ("tala@desk.example", "also wrong")):
        answer = client.post("/accounts/login/", {"username": given[0], "password": given[1]})
        assert answer.status_code == 422
        pages.append(answer.content.decode().split('<p class="problem"')[1].split("</p>")[0])
    assert pages[0] == pages[1]
    assert not opens(client)


def test_an_unknown_user_costs_the_same_hash(client, agent, monkeypatch):
    hashed = []
    encode = MD5PasswordHasher.encode  # the hasher of tests; its verify encodes, too
    monkeypatch.setattr(MD5PasswordHasher, "encode", lambda *a, **k: hashed.append("hash") or encode(*a, **k))
    for username in ("tala@desk.example", "nobody@desk.example"):
        hashed.clear()
        client.post("/accounts/login/", {"username": username, "password": "wrong password"})
        assert hashed == ["hash"]


def test_five_wrong_passwords_pause_sign_in_from_there_for_any_account(client, agent):
    for username in ("tala@desk.example", "nobody@desk.example"):
        statuses = [
            client.post("/accounts/login/", {"username": username, "password": "wrong"}).status_code for _ in range(5)
        ]
        assert statuses == [422, 422, 422, 422, 429]
        paused = client.post("/accounts/login/", {"username": username, "password": PASSWORD})
        assert paused.status_code == 429
        assert paused["Retry-After"] == "900"
        assert "15 minutes" in paused.content.decode()
        assert "no-store" in paused["Cache-Control"]
    elsewhere = Client(REMOTE_ADDR="10.1.2.3")
    assert agent.enter_password(elsewhere).url == "/accounts/verify/"


@pytest.mark.parametrize(
    ("target", "arrives"),
    [
        ("/console/?team=1", "/console/?team=1"),
        ("/admin/", "/admin/"),
        ("https://evil.example/console/", "/console/"),
        ("//evil.example/console/", "/console/"),
        ("/\\evil.example", "/console/"),
        ("javascript:alert(1)", "/console/"),
        ("/demo/", "/console/"),
        ("/nowhere/", "/console/"),
        ("", "/console/"),
    ],
)
def test_sign_in_leads_only_to_pages_of_ours(client, agent, target, arrives):
    client.get("/accounts/login/", {"next": target})
    assert agent.sign_in(client).url == arrives


def test_a_page_that_was_asked_for_comes_after_sign_in(client, agent):
    asked = client.get("/console/?team=2")
    assert asked.url == "/accounts/login/?next=%2Fconsole%2F%3Fteam%3D2"
    client.get(asked.url)
    assert agent.sign_in(client).url == "/console/?team=2"


def test_verify_without_a_password_starts_at_the_beginning(client, agent):
    for answer in (client.get("/accounts/verify/"), client.post("/accounts/verify/", {"otp_token": agent.code()})):
        assert answer.status_code == 401
        assert 'action="/accounts/login/"' in answer.content.decode()
    assert not opens(client)


def test_a_code_counts_once(client, agent):
    agent.enter_password(client)
    code = agent.code()
    assert client.post("/accounts/verify/", {"otp_token": code}).status_code == 302
    other = Client()
    agent.enter_password(other)
    assert other.post("/accounts/verify/", {"otp_token": code}).status_code == 422
    assert not opens(other)


def test_an_older_code_than_the_last_is_refused(agent):
    device = TotpDevice.objects.get()
    step = codes.step_at(time())
    assert device.verify_token(codes.totp(KEY, step + 1))
    TotpDevice.objects.update(throttling_failure_count=0, throttling_failure_timestamp=None)
    assert not TotpDevice.objects.get().verify_token(codes.totp(KEY, step))
    assert TotpDevice.objects.get().last_step == step + 1


def test_wrong_codes_are_counted_and_the_fifth_asks_for_the_password_again(client, agent):
    agent.enter_password(client)
    left = []
    for _ in range(5):
        TotpDevice.objects.update(throttling_failure_timestamp=None)
        answer = client.post("/accounts/verify/", {"otp_token": "000000"})
        left.append(next((n for n in range(1, 5) if f"{n} tr" in answer.content.decode()), 0))
        assert "000000" not in answer.content.decode()
    assert left == [4, 3, 2, 1, 0]
    assert answer.status_code == 401
    assert client.get("/accounts/verify/").status_code == 401
    assert actions() == ["second_factor_refused"] * 5


def test_a_wrong_code_makes_the_next_one_wait(client, agent):
    agent.enter_password(client)
    client.post("/accounts/verify/", {"otp_token": "000000"})
    at_once = client.post("/accounts/verify/", {"otp_token": agent.code()})
    assert at_once.status_code == 422
    assert "Wait 1 second" in at_once.content.decode()
    assert "tries left" not in at_once.content.decode()
    TotpDevice.objects.update(throttling_failure_timestamp=timezone.now() - timedelta(seconds=2))
    assert client.post("/accounts/verify/", {"otp_token": agent.code()}).status_code == 302
    assert TotpDevice.objects.get().throttling_failure_count == 0


def test_the_wait_doubles_and_ends_at_four_minutes(agent):
    waits = []
    for _ in range(12):
        TotpDevice.objects.update(throttling_failure_timestamp=None)
        device = TotpDevice.objects.get()
        device.verify_token("000000")
        waits.append(round(device.wait_left().total_seconds()))
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 256, 256, 256]


def test_the_step_between_ends_after_ten_minutes(client, agent):
    agent.enter_password(client)
    session = client.session
    session[sessions.PENDING] = {**session[sessions.PENDING], "at": int(time()) - 601}
    session.save()
    assert client.post("/accounts/verify/", {"otp_token": agent.code()}).status_code == 401


@pytest.mark.parametrize("change", [{"is_active": False}, {"session_epoch": 2}])
def test_the_step_between_ends_when_the_account_changes(client, agent, change):
    agent.enter_password(client)
    User.objects.update(**change)
    assert client.post("/accounts/verify/", {"otp_token": agent.code()}).status_code == 401


def test_a_recovery_code_signs_in_once(client, agent):
    fresh = second_factor.renew_recovery_codes(user=agent.user, origin=COMMAND_LINE)
    agent.enter_password(client)
    assert client.post("/accounts/verify/", {"otp_token": fresh[3].upper()}).status_code == 302
    assert opens(client)
    assert RecoveryCode.objects.count() == 9
    other = Client()
    agent.enter_password(other)
    assert other.post("/accounts/verify/", {"otp_token": fresh[3]}).status_code == 422
    assert not opens(other)


def test_recovery_codes_are_stored_as_hashes_only(agent):
    fresh = second_factor.renew_recovery_codes(user=agent.user, origin=COMMAND_LINE)
    with connection.cursor() as cursor:
        cursor.execute("SELECT code_hash::text FROM accounts_recoverycode")
        stored = " ".join(row[0] for row in cursor.fetchall())
    assert all(code not in stored and code.replace("-", "").encode().hex() not in stored for code in fresh)


def test_new_recovery_codes_need_a_fresh_code_and_void_the_old(client, agent):
    agent.sign_in(client)
    old = second_factor.renew_recovery_codes(user=agent.user, origin=COMMAND_LINE)
    assert client.post("/accounts/recovery-codes/", {"otp_token": "000000"}).status_code == 422
    assert RecoveryCode.objects.count() == 10
    TotpDevice.objects.update(throttling_failure_count=0, throttling_failure_timestamp=None)
    answer = client.post("/accounts/recovery-codes/", {"otp_token": agent.code()})
    shown = [code for code in answer.context["codes"] if code in answer.content.decode()]
    assert len(shown) == 10
    assert "no-store" in answer["Cache-Control"]
    assert not second_factor.check_token(user=agent.user, token=old[0]).device
    assert RecoveryCode.objects.count() == 10


def test_a_totp_key_cannot_be_read_in_its_row(agent):
    with connection.cursor() as cursor:
        cursor.execute("SELECT t::text, key FROM accounts_totpdevice t")
        row, sealed = cursor.fetchone()
    raw = codes.base64.b32decode(KEY)
    for spelling in (KEY.encode(), KEY.lower().encode(), raw):
        assert spelling not in bytes(sealed)
        assert spelling.hex() not in row
    assert KEY not in row
    assert TotpDevice.objects.get().key == KEY


def test_the_first_sign_in_enrols(client, person):
    newcomer = person("new", enrolled=False)
    assert newcomer.enter_password(client).url == "/accounts/enrol/"
    page = client.get("/accounts/enrol/")
    device = TotpDevice.objects.get(confirmed=False)
    assert page.status_code == 200
    assert codes.grouped(device.key) in page.content.decode()
    assert page.context["qr"].path.startswith("M")
    assert not opens(client)
    wrong = client.post("/accounts/enrol/", {"otp_token": "000000"})
    assert wrong.status_code == 422
    assert not TotpDevice.objects.filter(confirmed=True).exists()
    TotpDevice.objects.update(throttling_failure_count=0, throttling_failure_timestamp=None)
    done = client.post("/accounts/enrol/", {"otp_token": codes.totp(device.key, codes.step_at(time()))})
    assert done.status_code == 200
    assert len(done.context["codes"]) == 10
    assert opens(client)
    assert TotpDevice.objects.get().confirmed
    assert actions() == ["second_factor_refused", "second_factor_enrolled", "signed_in"]


def test_an_enrolled_person_cannot_enrol_again_with_the_password_alone(client, agent):
    agent.enter_password(client)
    for answer in (client.get("/accounts/enrol/"), client.post("/accounts/enrol/", {"otp_token": "000000"})):
        assert answer.status_code == 401
    assert list(TotpDevice.objects.values_list("key", flat=True)) == [KEY]


def test_the_key_shown_before_confirming_is_replaced_by_a_new_sign_in(client, person):
    newcomer = person("new", enrolled=False)
    newcomer.enter_password(client)
    first = TotpDevice.objects.get().key
    newcomer.enter_password(client)
    assert TotpDevice.objects.get().key != first


def test_signing_out_ends_the_session_and_its_sockets(client, agent):
    agent.sign_in(client)
    watched = (StaffSession(agent.user.pk, client.session.session_key).key, 1)
    assert ended_staff_sessions([watched]) == set()
    assert client.get("/accounts/logout/").status_code == 405
    assert opens(client)
    assert client.post("/accounts/logout/").url == "/accounts/login/"
    assert not opens(client)
    assert ended_staff_sessions([watched]) == {watched[0]}
    assert client.post("/accounts/logout/").status_code == 302


def test_a_new_password_ends_every_other_session(client, agent):
    elsewhere = Client()
    agent.sign_in(client)
    agent.sign_in(elsewhere)
    new = "another long password"
    data = {"current": "wrong", "new": new, "again": new}
    assert client.post("/accounts/password/", data).status_code == 422
    assert User.objects.get().check_password(PASSWORD)
    for broken in ({"again": "different"}, {"new": "short", "again": "short"}):
        assert client.post("/accounts/password/", {**data, "current": PASSWORD, **broken}).status_code == 422
    assert User.objects.get().check_password(PASSWORD)
    assert client.post("/accounts/password/", {**data, "current": PASSWORD}).status_code == 302
    assert User.objects.get().check_password(new)
    assert User.objects.get().session_epoch == 2
    assert opens(client)
    assert not opens(elsewhere)


def test_a_raised_epoch_ends_every_session(client, agent):
    agent.sign_in(client)
    watched = (StaffSession(agent.user.pk, client.session.session_key).key, 1)
    staff_sessions.end_sessions(user=agent.user)
    assert ended_staff_sessions([watched]) == {watched[0]}
    assert not opens(client)


@pytest.mark.parametrize(
    ("stamp", "age", "lives"),
    [
        (sessions.SEEN, 14 * 60, True),
        (sessions.SEEN, 16 * 60, False),
        (sessions.STARTED, 7 * 3600, True),
        (sessions.STARTED, 8 * 3600 + 60, False),
    ],
)
def test_a_session_ends_when_idle_or_old(client, agent, stamp, age, lives):
    agent.sign_in(client)
    session = client.session
    session[stamp] = int(time()) - age
    session.save()
    assert opens(client) is lives


def test_idle_time_is_the_sessions_own_expiry_and_moves_on_with_the_person(client, agent):
    agent.sign_in(client)
    session = client.session
    session[sessions.SEEN] = int(time()) - 600
    session.save()
    Session.objects.update(expire_date=timezone.now() + timedelta(seconds=300))
    client.get(CONSOLE, headers={"X-Desk-Background": "1"})
    assert Session.objects.get().expire_date < timezone.now() + timedelta(seconds=310)
    assert client.post("/accounts/still-here/").status_code == 204
    assert Session.objects.get().expire_date > timezone.now() + timedelta(seconds=890)


def test_a_removed_second_factor_signs_out_and_enrols_again(client, agent, person):
    admin = person("admin", role="admin").user
    agent.sign_in(client)
    second_factor.remove_second_factor(user=agent.user, actor=admin, origin=COMMAND_LINE)
    assert not opens(client)
    assert agent.enter_password(client).url == "/accounts/enrol/"


def test_programs_are_told_not_redirected(client, db):
    program = client.get(CONSOLE, headers={"Accept": "application/json"})
    assert (program.status_code, program.json()["code"]) == (401, "not_signed_in")


def test_pages_of_staff_are_kept_by_no_cache(client, agent):
    agent.sign_in(client)
    for path in (CONSOLE, "/accounts/password/", "/accounts/login/"):
        assert "no-store" in client.get(path)["Cache-Control"]


def test_twenty_at_once_spend_one_code_once(committed_db):
    user = make_person("tala", role="agent", enrolled=True).user
    code = codes.totp(KEY, codes.step_at(time()))
    assert _at_once(20, lambda: TotpDevice.objects.get(user=user).verify_token(code)).count(True) == 1


def test_twenty_at_once_spend_one_recovery_code_once(committed_db):
    user = make_person("tala", role="agent", enrolled=True).user
    code = second_factor.renew_recovery_codes(user=user, origin=COMMAND_LINE)[0]
    spent = _at_once(20, lambda: second_factor.check_token(user=user, token=code).device is not None)
    assert spent.count(True) == 1
    assert RecoveryCode.objects.count() == 9


def test_of_many_guesses_at_once_one_is_looked_at(committed_db):
    user = make_person("tala", role="agent", enrolled=True).user
    assert _at_once(20, lambda: TotpDevice.objects.get(user=user).verify_token("000000")).count(True) == 0
    assert TotpDevice.objects.get().throttling_failure_count == 1


def _at_once(number, act):
    start, results = Barrier(number), []

    def come():
        start.wait()
        try:
            results.append(act())
        finally:
            connection.close()

    threads = [Thread(target=come) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == number
    return results


def test_a_language_that_was_chosen_stays(client, agent):
    agent.sign_in(client)
    answer = client.post("/accounts/language/", {"language": "zh-hans", "next": "/console/?view=all"})
    assert (answer.status_code, answer.url) == (302, "/console/?view=all")
    assert client.get(CONSOLE)["Content-Language"] == "zh-hans"
    assert User.objects.get(pk=agent.user.pk).language == "zh-hans"
    client.post("/accounts/language/", {"language": "tlh", "next": "https://elsewhere.example/"})
    assert User.objects.get(pk=agent.user.pk).language == "zh-hans"


def test_nobody_chooses_a_language_for_others(client, agent):
    agent.enter_password(client)
    assert client.post("/accounts/language/", {"language": "ar"}).url == "/accounts/login/"
    assert User.objects.get(pk=agent.user.pk).language == "en"

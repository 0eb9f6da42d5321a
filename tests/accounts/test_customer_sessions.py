"""Sessions of customers: who is behind a browser, and that nobody gets anybody else's."""

from datetime import UTC, datetime, timedelta
from itertools import count
from threading import Barrier, Thread

import pytest
from django.db import IntegrityError, OperationalError, connection, transaction

from accounts.actions.sessions import (
    ANONYMOUS_LIFE,
    VERIFIED_LIFE,
    close_session,
    forget_spent_tokens,
    open_session,
    revoke_sessions,
)
from accounts.choices import Assurance
from accounts.data_keys import opened_key
from accounts.identity import Identity, IdentityInvalid
from accounts.models import Customer, CustomerSession, DataKey, EmailAddress, Issuer, UsedToken
from accounts.selectors import ended_customer_sessions, session_of
from core.crypto.keys import WrongKey
from tests.accounts.staff import make_site

numbers = count(1)


@pytest.fixture
def now():
    return datetime.now(UTC)


@pytest.fixture
def issuer(site):
    return Issuer.objects.create(site=site, name="login")


@pytest.fixture
def vouched(site, issuer, now):
    """Makes identities: vouched("wei", jti="x")."""

    def make(subject: str = "wei", **more) -> Identity:
        fields = {
            "jti": f"once-{next(numbers)}",
            "name": subject.title(),
            "expires_at": now + timedelta(minutes=6),
        } | more
        return Identity(site_id=site.pk, issuer_id=issuer.pk, subject=subject, **fields)

    return make


@pytest.fixture
def enter(site, now):
    def enter(identity=None, resume=None, language="en"):
        return open_session(site=site, identity=identity, resume=resume, language=language, now=now)

    return enter


def test_an_anonymous_customer_gets_a_session_and_a_key(enter, site, now):
    opened = enter(language="zh-hans")
    assert len(opened.token) == 43
    assert opened.customer.site == site
    assert opened.customer.language == "zh-hans"
    assert not opened.customer.is_verified
    assert opened.joined is None
    stored = CustomerSession.objects.get()
    assert bytes(stored.token_hash).hex() not in opened.token
    assert len(bytes(stored.token_hash)) == 32
    assert stored.assurance == Assurance.ANONYMOUS
    assert stored.expires_at == now + ANONYMOUS_LIFE
    key = opened_key(DataKey.objects.get(customer=opened.customer))
    assert key.open(key.seal(b"hello", b"place"), b"place") == b"hello"


def test_a_token_is_not_shown_where_an_opened_session_is_printed(enter):
    opened = enter()
    assert opened.token not in repr(opened)


def test_a_wrapped_key_opens_only_in_its_own_row(enter):
    first, second = (DataKey.objects.get(customer=enter().customer) for _ in range(2))
    first.wrapped = second.wrapped
    with pytest.raises(WrongKey):
        opened_key(first)


def test_a_live_session_goes_on_with_the_same_token(enter, now):
    opened = enter()
    CustomerSession.objects.update(expires_at=now + timedelta(minutes=1))
    again = enter(resume=opened.token)
    assert (again.token, again.customer, again.session) == (opened.token, opened.customer, opened.session)
    assert CustomerSession.objects.get().expires_at == now + ANONYMOUS_LIFE
    assert Customer.objects.count() == 1


@pytest.mark.parametrize("resume", ["", "nonsense", "x" * 43, "x" * 5000, "\x00", "\ud800"])
def test_an_unknown_token_resumes_nothing(enter, resume):
    enter()
    assert enter(resume=resume).token != resume
    assert Customer.objects.count() == 2


def test_a_token_of_another_site_resumes_nothing(enter, other_site, now):
    opened = enter()
    there = open_session(site=other_site, identity=None, resume=opened.token, language="en", now=now)
    assert there.customer != opened.customer
    assert there.customer.site == other_site
    assert session_of(opened.token, "larkfield").customer == opened.customer
    assert session_of(opened.token, "other") is None


@pytest.mark.parametrize(
    "changes",
    [
        {"expires_at": datetime(2020, 1, 1, tzinfo=UTC)},
        {"revoked_at": datetime(2020, 1, 1, tzinfo=UTC)},
    ],
)
def test_an_ended_session_resumes_nothing(enter, changes):
    opened = enter()
    CustomerSession.objects.update(**changes)
    assert session_of(opened.token) is None
    assert enter(resume=opened.token).customer != opened.customer


def test_sessions_of_erased_customers_and_closed_sites_are_over(enter, site, now):
    opened = enter()
    Customer.objects.update(erased_at=now)
    assert session_of(opened.token) is None
    Customer.objects.update(erased_at=None)
    assert session_of(opened.token) is not None
    site.is_active = False
    site.save(update_fields=["is_active"])
    assert session_of(opened.token) is None


def test_a_vouched_for_customer_is_the_same_person_everywhere(enter, vouched, now):
    phone, desktop = enter(vouched("wei", email="wei@mail.example")), enter(vouched("wei", email="WEI@mail.example"))
    assert phone.customer == desktop.customer
    assert phone.token != desktop.token
    assert phone.session.assurance == Assurance.JWT
    assert phone.session.expires_at == now + VERIFIED_LIFE
    assert EmailAddress.objects.get().verified_at is None
    assert DataKey.objects.count() == 1


def test_the_same_address_at_another_subject_is_another_person(enter, vouched):
    wei, mallory = enter(vouched("wei", email="wei@mail.example")), enter(vouched("mallory", email="wei@mail.example"))
    assert wei.customer != mallory.customer
    assert wei.joined is None
    assert mallory.joined is None


def test_an_anonymous_customer_becomes_the_person_under_a_new_token(enter, vouched):
    before = enter()
    after = enter(vouched("wei"), resume=before.token)
    assert after.customer == before.customer
    assert after.customer.is_verified
    assert after.joined is None
    assert after.token != before.token
    assert session_of(before.token) is None
    assert session_of(after.token).assurance == Assurance.JWT
    assert DataKey.objects.count() == 1


def test_a_planted_token_does_not_become_verified(enter, vouched):
    planted = enter()
    elsewhere = enter(resume=planted.token)
    enter(vouched("victim"), resume=planted.token)
    assert session_of(planted.token) is None
    assert session_of(elsewhere.token) is None


def test_an_anonymous_customer_who_is_known_already_is_joined(enter, vouched):
    known = enter(vouched("wei")).customer
    before = enter()
    after = enter(vouched("wei"), resume=before.token)
    assert after.joined == (before.customer, known)
    assert after.customer == known
    assert Customer.objects.get(pk=before.customer.pk).joined_into == known
    assert session_of(before.token) is None


def test_the_same_person_goes_on_with_the_same_token(enter, vouched):
    opened = enter(vouched("wei"))
    again = enter(vouched("wei", name="Wei Chen", tier="gold"), resume=opened.token)
    assert (again.token, again.session) == (opened.token, opened.session)
    stored = Customer.objects.get()
    assert (stored.name, stored.tier) == ("Wei Chen", "gold")


def test_another_person_in_the_browser_sees_nothing_of_the_first(enter, vouched):
    wei = enter(vouched("wei"))
    ana = enter(vouched("ana"), resume=wei.token)
    assert ana.customer != wei.customer
    assert ana.joined is None
    assert session_of(wei.token) is None
    assert session_of(ana.token).customer == ana.customer


def test_a_verified_session_without_a_token_of_the_exchange_goes_on(enter, vouched):
    wei = enter(vouched("wei"))
    assert enter(resume=wei.token).customer == wei.customer


def test_an_identity_counts_once(enter, vouched):
    identity = vouched("wei")
    opened = enter(identity)
    for resume in (None, "nonsense", enter().token, enter(vouched("ana")).token):
        before = (Customer.objects.count(), CustomerSession.objects.live().count())
        with pytest.raises(IdentityInvalid):
            enter(identity, resume=resume)
        assert (Customer.objects.count(), CustomerSession.objects.live().count()) == before
    assert enter(identity, resume=opened.token).token == opened.token


def test_a_used_identity_is_not_accepted_with_an_ended_session(enter, vouched):
    identity = vouched("wei")
    opened = enter(identity)
    close_session(opened.token)
    with pytest.raises(IdentityInvalid):
        enter(identity, resume=opened.token)


def test_a_used_jti_is_refused_for_another_subject_too(enter, vouched):
    enter(vouched("wei", jti="same"))
    with pytest.raises(IdentityInvalid):
        enter(vouched("ana", jti="same"))
    assert not Customer.objects.filter(subject="ana").exists()


def test_an_identity_of_another_site_is_refused(other_site, vouched, now):
    with pytest.raises(IdentityInvalid):
        open_session(site=other_site, identity=vouched("wei"), resume=None, language="en", now=now)


def test_closing_ends_a_session_once_and_raises_its_epoch(enter):
    opened = enter()
    assert ended_customer_sessions([(str(opened.session.pk), 1)]) == set()
    assert close_session(opened.token) is True
    assert close_session(opened.token) is False
    assert close_session("nonsense") is False
    assert session_of(opened.token) is None
    assert ended_customer_sessions([(str(opened.session.pk), 1)]) == {str(opened.session.pk)}


def test_all_sessions_of_a_customer_end_but_the_kept_one(enter, vouched):
    first, second, stranger = enter(vouched("wei")), enter(vouched("wei")), enter(vouched("ana"))
    assert revoke_sessions(first.customer, keep=second.session) == 1
    assert [session_of(opened.token) is not None for opened in (first, second, stranger)] == [False, True, True]
    assert revoke_sessions(first.customer) == 1
    assert revoke_sessions(first.customer) == 0


def test_reading_a_session_is_one_query(enter, django_assert_num_queries):
    opened = enter()
    with django_assert_num_queries(1):
        found = session_of(opened.token, "larkfield")
        assert (found.customer.pk, found.site.key) == (opened.customer.pk, "larkfield")
    with django_assert_num_queries(0):
        assert session_of("") is None


def test_records_of_expired_identities_are_forgotten(enter, vouched):
    enter(vouched("wei"))
    enter(vouched("ana", expires_at=datetime(2020, 1, 1, tzinfo=UTC)))
    assert forget_spent_tokens() == 1
    assert UsedToken.objects.count() == 1


def test_half_an_identity_cannot_be_stored(site, issuer):
    for broken in ({"issuer": issuer}, {"subject": "x"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Customer.objects.create(site=site, **broken)


def test_twenty_browsers_at_once_spend_one_identity_once(committed_db, committed_site):
    site, issuer = committed_site
    now = datetime.now(UTC)
    identity = Identity(site.pk, issuer.pk, "wei", "only-once", now + timedelta(minutes=5))
    start, results = Barrier(20), []

    def come():
        start.wait()
        try:
            results.append(open_session(site=site, identity=identity, resume=None, language="en", now=now).token)
        except IdentityInvalid:
            results.append(None)
        finally:
            connection.close()

    threads = [Thread(target=come) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len([token for token in results if token]) == 1
    assert Customer.objects.count() == 1
    assert CustomerSession.objects.count() == 1


def test_twenty_browsers_of_a_new_person_make_one_customer(committed_db, committed_site):
    site, issuer = committed_site
    now = datetime.now(UTC)
    start, customers, failures = Barrier(20), set(), []

    def come(number):
        start.wait()
        try:
            identity = Identity(site.pk, issuer.pk, "wei", f"jti-{number}", now + timedelta(minutes=5))
            customers.add(open_session(site=site, identity=identity, resume=None, language="en", now=now).customer.pk)
        except IntegrityError as failure:
            failures.append(failure)
        finally:
            connection.close()

    threads = [Thread(target=come, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(customers) == 1
    assert DataKey.objects.count() == 1
    assert CustomerSession.objects.count() == 20


def test_two_people_who_swap_their_browsers_do_not_wait_for_each_other_in_a_ring(committed_db, committed_site):
    site, issuer = committed_site
    now, failures = datetime.now(UTC), []

    def come(subject, resume=None):
        try:
            identity = Identity(site.pk, issuer.pk, subject, f"jti-{next(numbers)}", now + timedelta(minutes=5))
            return open_session(site=site, identity=identity, resume=resume, language="en", now=now).token
        except OperationalError as failure:
            failures.append(failure)
            return None

    def swap(start, subject, resume):
        start.wait()
        come(subject, resume)
        connection.close()

    for _ in range(12):
        start = Barrier(2)
        threads = [Thread(target=swap, args=(start, *pair)) for pair in [("huda", come("wei")), ("wei", come("huda"))]]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert failures == []


@pytest.fixture
def committed_site(committed_db):
    site = make_site("larkfield")
    return site, Issuer.objects.create(site=site, name="login")

import threading
from base64 import b64encode
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from accounts.data_keys import opened_key
from accounts.models import Issuer, IssuerKey, Site
from core.crypto import rotation
from core.crypto.keys import WrongKey, field_keys
from core.crypto.rotation import SealedColumn, rotate_batch, sealed_columns
from tests.cast import make_browser, make_site

OLD, NEW, LOST = (b64encode(letter * 32).decode() for letter in (b"o", b"n", b"l"))


@pytest.fixture
def issuer(settings):
    settings.FIELD_KEYS = [OLD]
    return Issuer.objects.create(site=Site.objects.create(key="larkfield", name="Larkfield"), name="larkfield")


def add_keys(issuer, count):
    IssuerKey.objects.bulk_create(
        IssuerKey(issuer=issuer, kid=str(number), algorithm="HS256", key=f"secret {number}") for number in range(count)
    )


def column():
    return next(found for found in sealed_columns() if found.label == "accounts.IssuerKey.key")


def left():
    return column().count_not_under(field_keys())


def rotate():
    told = StringIO()
    call_command("rotate_keys", stdout=told)
    return told.getvalue()


@pytest.mark.django_db
def test_after_rotation_the_old_key_can_be_thrown_away(issuer, settings):
    add_keys(issuer, 450)
    settings.FIELD_KEYS = [NEW, OLD]
    assert left() == 450
    assert "accounts.IssuerKey.key: 450 rotated, 0 do not open" in rotate()
    assert left() == 0
    settings.FIELD_KEYS = [NEW]
    assert {key.key for key in IssuerKey.objects.all()} == {f"secret {number}" for number in range(450)}
    assert "accounts.IssuerKey.key: 0 rotated, 0 do not open" in rotate()


@pytest.mark.django_db
def test_an_interrupted_rotation_goes_on_where_it_stopped(issuer, settings):
    add_keys(issuer, 30)
    settings.FIELD_KEYS = [NEW, OLD]
    first = rotate_batch(column(), field_keys(), size=10)
    assert (first.rotated, first.failed, left()) == (10, 0, 20)
    assert {key.key for key in IssuerKey.objects.all()} == {f"secret {number}" for number in range(30)}
    assert "accounts.IssuerKey.key: 20 rotated" in rotate()


@pytest.mark.django_db
def test_a_value_that_no_key_opens_is_left_counted_and_told(issuer, settings):
    add_keys(issuer, 3)
    settings.FIELD_KEYS = [LOST]
    IssuerKey.objects.filter(kid="1").update(key="lost")
    settings.FIELD_KEYS = [NEW, OLD]
    with pytest.raises(CommandError, match="1 values do not open"):
        rotate()
    assert left() == 1
    settings.FIELD_KEYS = [LOST]
    assert IssuerKey.objects.get(kid="1").key == "lost"


@pytest.mark.django_db
def test_wrapped_keys_are_rotated_by_the_place_their_app_names(issuer, settings, monkeypatch):
    monkeypatch.setattr(rotation, "_registered", {})
    rotation.register("accounts.IssuerKey", "key", lambda row: f"key {row.kid}".encode())
    add_keys(issuer, 1)
    sealed = field_keys().seal(b"wrapped", b"key 0")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE accounts_issuerkey SET key = %s", [sealed])
    settings.FIELD_KEYS = [NEW, OLD]
    registered = [found for found in sealed_columns() if found.label == "accounts.IssuerKey.key"][-1]
    assert rotate_batch(registered, field_keys()).rotated == 1
    with connection.cursor() as cursor:
        cursor.execute("SELECT key FROM accounts_issuerkey")
        stored = bytes(cursor.fetchone()[0])
    settings.FIELD_KEYS = [NEW]
    assert field_keys().open(stored, b"key 0") == b"wrapped"
    with pytest.raises(WrongKey):
        field_keys().open(stored, b"key 1")


@pytest.mark.django_db
def test_the_key_of_a_customer_is_the_same_after_rotation(settings):
    settings.FIELD_KEYS = [OLD]
    customer = make_browser(make_site()).customer
    row = customer.data_keys.get()
    before = opened_key(row)
    settings.FIELD_KEYS = [NEW, OLD]
    assert "accounts.DataKey.wrapped: 1 rotated, 0 do not open" in rotate()
    settings.FIELD_KEYS = [NEW]
    row.refresh_from_db()
    assert opened_key(row) == before


def test_a_row_that_is_being_changed_is_waited_for_and_not_overwritten(committed_db, issuer, settings):
    add_keys(issuer, 1)
    settings.FIELD_KEYS = [NEW, OLD]
    begun, done = threading.Event(), []

    def rotate_meanwhile():
        begun.set()
        done.append(rotate_batch(column(), field_keys()))
        connection.close()

    with transaction.atomic():
        row = IssuerKey.objects.select_for_update(no_key=True).get()
        thread = threading.Thread(target=rotate_meanwhile)
        thread.start()
        begun.wait(5)
        thread.join(0.3)
        assert done == []
        row.key = "changed meanwhile"
        row.save(update_fields=["key"])
    thread.join(10)
    assert len(done) == 1
    assert IssuerKey.objects.get().key == "changed meanwhile"


def test_every_registered_column_exists():
    for found in sealed_columns():
        assert isinstance(found, SealedColumn)
        assert found.model._meta.get_field(found.field)

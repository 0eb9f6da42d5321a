from base64 import b64encode

import pytest
from django.core import serializers
from django.core.exceptions import FieldError
from django.db import connection, transaction

from accounts.models import Issuer, IssuerKey, Site
from core.crypto.fields import SealedTextField
from core.crypto.keys import WrongKey, field_keys

pytestmark = pytest.mark.django_db
SECRET = "a shared secret, 共有"


@pytest.fixture
def key():
    site = Site.objects.create(key="larkfield", name="Larkfield")
    return IssuerKey.objects.create(
        issuer=Issuer.objects.create(site=site, name="larkfield"), kid="1", algorithm="HS256", key=SECRET
    )


def stored(key):
    with connection.cursor() as cursor:
        cursor.execute("SELECT key FROM accounts_issuerkey WHERE id = %s", [key.pk])
        return bytes(cursor.fetchone()[0])


def test_the_database_holds_it_sealed_and_python_reads_it(key):
    assert IssuerKey.objects.get(pk=key.pk).key == SECRET
    assert SECRET.encode() not in stored(key)
    assert field_keys().open(stored(key), b"accounts.issuerkey.key").decode() == SECRET


def test_the_wrong_key_raises_and_never_yields_the_ciphertext(key, settings):
    settings.FIELD_KEYS = [b64encode(b"w" * 32).decode()]
    with pytest.raises(WrongKey):
        IssuerKey.objects.get(pk=key.pk)
    with pytest.raises(WrongKey):
        list(IssuerKey.objects.values_list("key"))


def test_a_value_sealed_for_another_column_does_not_open(key):
    moved = field_keys().seal(SECRET.encode(), b"accounts.issuerkey.kid")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE accounts_issuerkey SET key = %s WHERE id = %s", [moved, key.pk])
    with pytest.raises(WrongKey):
        key.refresh_from_db()


def test_saving_again_seals_once_not_twice(key):
    again = IssuerKey.objects.get(pk=key.pk)
    again.save()
    assert IssuerKey.objects.get(pk=key.pk).key == SECRET


@pytest.mark.parametrize("lookup", ["key", "key__contains", "key__in", "key__startswith"])
def test_it_cannot_be_searched(key, lookup):
    with pytest.raises(FieldError):
        IssuerKey.objects.filter(**{lookup: SECRET}).count()
    assert IssuerKey.objects.filter(key__isnull=False).count() == 1


@pytest.mark.parametrize("value", [b"bytes", 7, ["text"]])
def test_only_text_is_taken(key, value):
    before = stored(key)
    with pytest.raises(TypeError), transaction.atomic():
        IssuerKey.objects.filter(pk=key.pk).update(key=value)
    assert stored(key) == before


def test_it_is_not_dumped(key):
    with pytest.raises(TypeError):
        serializers.serialize("json", [key])


def test_it_is_not_in_forms_unless_asked_for():
    assert IssuerKey._meta.get_field("key").editable is False
    assert SealedTextField().deconstruct()[3] == {}
    assert SealedTextField(editable=True, null=True).deconstruct()[3] == {"editable": True, "null": True}

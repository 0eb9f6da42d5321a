import pickle
from base64 import b64encode, urlsafe_b64encode

import pytest
from django.core.exceptions import ImproperlyConfigured
from hypothesis import given
from hypothesis import strategies as st

from core.crypto.data_keys import OpenKey, derive_key, new_data_key, unwrap, wrap
from core.crypto.keys import KeyRing, SealingKey, WrongKey, decode_key, field_keys

OLD, NEW = SealingKey(b"o" * 32), SealingKey(b"n" * 32)


@given(st.binary(max_size=300), st.binary(max_size=50))
def test_what_is_sealed_opens_in_its_place(plain, aad):
    ring = KeyRing((NEW, OLD))
    assert ring.open(ring.seal(plain, aad), aad) == plain


def test_a_sealed_value_says_its_version_and_key_and_is_never_the_same_twice():
    sealed = NEW.seal(b"x", b"a")
    assert sealed[:1] == b"\x01"
    assert sealed[1:5] != OLD.seal(b"x", b"a")[1:5]
    assert len(sealed) == 1 + 4 + 12 + 1 + 16
    assert len({NEW.seal(b"x", b"a")[5:17] for _ in range(1000)}) == 1000


def test_another_place_does_not_open():
    with pytest.raises(WrongKey):
        NEW.open(NEW.seal(b"x", b"accounts.user.a"), b"accounts.user.b")


def test_another_key_does_not_open():
    with pytest.raises(WrongKey):
        KeyRing((NEW,)).open(OLD.seal(b"x", b"a"), b"a")


@given(st.integers(0, 36), st.integers(1, 255))
def test_any_changed_byte_is_noticed(place, change):
    sealed = bytearray(NEW.seal(b"four", b"a"))
    sealed[place] ^= change
    with pytest.raises(WrongKey):
        NEW.open(bytes(sealed), b"a")


@pytest.mark.parametrize("sealed", [b"", b"x", b"\x01", NEW.header, NEW.header + b"\x00" * 27, b"\x02" * 60])
def test_what_was_never_sealed_does_not_open(sealed):
    with pytest.raises(WrongKey):
        KeyRing((NEW, OLD)).open(sealed, b"a")


def test_two_keys_with_one_id_are_both_tried():
    twin = SealingKey(b"t" * 32)
    object.__setattr__(twin, "header", NEW.header)
    assert KeyRing((NEW, twin)).open(twin.seal(b"x", b"a"), b"a") == b"x"


def test_the_first_key_seals_and_every_key_opens():
    old = KeyRing((OLD,)).seal(b"x", b"a")
    ring = KeyRing((NEW, OLD))
    assert ring.open(old, b"a") == b"x"
    assert not ring.is_current(old)
    assert ring.is_current(ring.seal(b"x", b"a"))


def test_keys_show_nothing_of_themselves():
    key = new_data_key()
    for text in (repr(key), str(key), repr(KeyRing((key,))), str(WrongKey())):
        assert key.secret.hex() not in text
        assert repr(key.secret) not in text
    with pytest.raises(TypeError):
        pickle.dumps(key)


def test_settings_name_the_keys(settings):
    settings.FIELD_KEYS = [b64encode(b"n" * 32).decode(), urlsafe_b64encode(b"\xfb" * 32).decode()]
    assert field_keys() == KeyRing((NEW, SealingKey(b"\xfb" * 32)))


@pytest.mark.parametrize("keys", [[], [""], ["short"], [b64encode(b"n" * 31).decode()], ["?" * 44]])
def test_bad_keys_are_refused_by_the_setting_s_name_only(settings, keys):
    settings.FIELD_KEYS = keys
    with pytest.raises(ImproperlyConfigured) as refused:
        field_keys()
    assert "FIELD_KEYS" in str(refused.value)
    assert not any(key and key in str(refused.value) for key in keys)


def test_a_key_may_stand_in_a_file_with_a_line_end():
    assert decode_key(b64encode(b"n" * 32).decode() + "\n", "X") == b"n" * 32


def test_a_data_key_comes_back_from_its_wrapping_only_for_its_owner():
    key = new_data_key()
    wrapped = wrap(key, b"customer 1")
    assert unwrap(wrapped, b"customer 1") == key
    assert unwrap(memoryview(wrapped), b"customer 1").open(key.seal(b"x", b"a"), b"a") == b"x"
    with pytest.raises(WrongKey):
        unwrap(wrapped, b"customer 2")


def test_a_digest_is_equal_for_equal_text_under_one_key_only():
    key, other = OpenKey(b"k" * 32), OpenKey(b"l" * 32)
    assert key.digest(b"text") == key.digest(b"text")
    assert len({key.digest(b"text"), key.digest(b"texT"), other.digest(b"text")}) == 3
    assert len(key.digest(b"")) == 32


def test_purposes_have_keys_of_their_own():
    assert len({derive_key(b"k" * 32, b"a"), derive_key(b"k" * 32, b"b"), derive_key(b"l" * 32, b"a"), b"k" * 32}) == 4

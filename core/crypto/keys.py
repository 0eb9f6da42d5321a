"""Keys that seal bytes, and the list of them that the operator keeps in the environment.

A sealed value is ``version (1) | key id (4) | nonce (12) | ciphertext and tag``. Version and key id are authenticated
with the caller's additional data, so a value opens only under its key and in the place (table, column, row) that it
was sealed for.
"""

import binascii
import os
from base64 import b64decode
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from typing import NoReturn

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

VERSION = b"\x01"
KEY_BYTES = 32
KEY_ID_BYTES = 4
NONCE_BYTES = 12
HEADER_BYTES = len(VERSION) + KEY_ID_BYTES
SHORTEST = HEADER_BYTES + NONCE_BYTES + 16


class WrongKey(Exception):
    """A sealed value does not open: another key, another place, or changed bytes. Carries nothing of the value."""

    def __init__(self) -> None:
        super().__init__("the value does not open with the keys and the place it was asked for")


@dataclass(frozen=True, slots=True)
class SealingKey:
    """32 secret bytes that seal and open. Never printed, never pickled."""

    secret: bytes = field(repr=False)
    header: bytes = field(init=False, repr=False, compare=False)
    cipher: AESGCM = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if len(self.secret) != KEY_BYTES:
            raise ValueError("a key has 32 bytes")
        object.__setattr__(self, "header", VERSION + sha256(b"desk key id\x00" + self.secret).digest()[:KEY_ID_BYTES])
        object.__setattr__(self, "cipher", AESGCM(self.secret))

    def seal(self, plain: bytes, aad: bytes) -> bytes:
        """Encrypt for one place; two calls never give the same bytes (random 96-bit nonce, NIST SP 800-38D 8.2.2)."""
        nonce = os.urandom(NONCE_BYTES)
        return self.header + nonce + self.cipher.encrypt(nonce, plain, self.header + aad)

    def open(self, sealed: bytes, aad: bytes) -> bytes:
        """The plain bytes. Raises: WrongKey; never returns anything else."""
        if len(sealed) < SHORTEST or not self.fits(sealed):
            raise WrongKey
        nonce = sealed[HEADER_BYTES : HEADER_BYTES + NONCE_BYTES]
        try:
            return self.cipher.decrypt(nonce, sealed[HEADER_BYTES + NONCE_BYTES :], self.header + aad)
        except InvalidTag:
            raise WrongKey from None

    def fits(self, sealed: bytes) -> bool:
        """Whether the value names this key as the one that sealed it."""
        return sealed[:HEADER_BYTES] == self.header

    def __reduce__(self) -> NoReturn:
        raise TypeError("keys are not pickled")


@dataclass(frozen=True, slots=True)
class KeyRing:
    """The operator's keys: the first seals, all open, so that a key can be replaced while the desk runs."""

    keys: tuple[SealingKey, ...]

    def __post_init__(self) -> None:
        if not self.keys:
            raise ValueError("a key ring has at least one key")

    @property
    def current_header(self) -> bytes:
        """The first bytes of every value that the first key sealed."""
        return self.keys[0].header

    def seal(self, plain: bytes, aad: bytes) -> bytes:
        """Encrypt under the first key."""
        return self.keys[0].seal(plain, aad)

    def open(self, sealed: bytes, aad: bytes) -> bytes:
        """Decrypt under whichever key sealed it. Raises: WrongKey."""
        for key in self.keys:
            if key.fits(sealed):
                try:
                    return key.open(sealed, aad)
                except WrongKey:
                    continue  # two keys may share a 4-byte id
        raise WrongKey

    def is_current(self, sealed: bytes) -> bool:
        """Whether the first key sealed the value; false means that `rotate_keys` has work."""
        return self.keys[0].fits(sealed)


def field_keys() -> KeyRing:
    """The ring of ``settings.FIELD_KEYS``. Raises: ImproperlyConfigured that names the setting and never its value."""
    return _ring_of(tuple(settings.FIELD_KEYS))


def decode_key(encoded: str, setting: str) -> bytes:
    """32 bytes from base64 (plain or URL-safe alphabet). Raises: ImproperlyConfigured naming the setting."""
    try:
        secret = b64decode(encoded.strip().replace("-", "+").replace("_", "/"), validate=True)
    except (binascii.Error, ValueError):
        secret = b""
    if len(secret) != KEY_BYTES:
        raise ImproperlyConfigured(f"{setting} must be base64 of 32 random bytes.")
    return secret


@lru_cache(maxsize=8)
def _ring_of(encoded: tuple[str, ...]) -> KeyRing:
    if not encoded:
        raise ImproperlyConfigured("FIELD_KEYS must hold at least one key.")
    return KeyRing(tuple(SealingKey(decode_key(key, "FIELD_KEYS")) for key in encoded))

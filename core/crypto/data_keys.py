"""A key of its own for each person's data, itself sealed under the operator's keys.

Destroying the wrapped key makes everything that it sealed unreadable for ever, in backups too.
"""

import hmac
import os
from dataclasses import dataclass, field
from hashlib import sha256

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from core.crypto.keys import KEY_BYTES, SealingKey, field_keys


@dataclass(frozen=True, slots=True)
class OpenKey(SealingKey):
    """A data key ready for use. Kept in memory only; its printed form shows nothing."""

    digest_secret: bytes = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        SealingKey.__post_init__(self)
        object.__setattr__(self, "digest_secret", derive_key(self.secret, b"desk digest"))

    def digest(self, text: bytes) -> bytes:
        """32 bytes that are equal for equal text under this key and tell nothing without it (HMAC-SHA256, own
        subkey).
        """
        return hmac.digest(self.digest_secret, text, sha256)


def new_data_key() -> OpenKey:
    """A fresh random key; store `wrap` of it."""
    return OpenKey(os.urandom(KEY_BYTES))


def wrap(key: OpenKey, aad: bytes) -> bytes:
    """The key sealed under the first of ``FIELD_KEYS``; ``aad`` names whose key it is, so rows cannot be swapped."""
    return field_keys().seal(key.secret, aad)


def unwrap(wrapped: bytes, aad: bytes) -> OpenKey:
    """The key behind stored bytes. Raises: WrongKey. Cost: no query; callers keep the key for a request, not longer."""
    return OpenKey(field_keys().open(bytes(wrapped), aad))


def derive_key(secret: bytes, purpose: bytes) -> bytes:
    """32 bytes for one purpose out of a secret (HKDF-SHA256, RFC 5869): keys for different purposes tell nothing of
    each other.
    """
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=purpose).derive(secret)

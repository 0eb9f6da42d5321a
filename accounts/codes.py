"""Six-digit codes and recovery codes: pure functions, no database and no clock."""

import base64
import binascii
import hmac
import re
import secrets
from hashlib import sha256

STEP_SECONDS = 30
DIGITS = 6
DRIFT_STEPS = 1  # a code of the half minute before or after is accepted too
KEY_BYTES = 20  # RFC 4226, section 4: 160 bits
RECOVERY_COUNT = 10
RECOVERY_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # nothing that is read as something else
RECOVERY_GROUPS, RECOVERY_GROUP_SIZE = 4, 5  # 20 characters: 99 bits

_SEPARATORS = re.compile(r"[\s-]+")


def new_totp_key() -> str:
    """A random key in base32 without padding, as authenticator apps take it."""
    return base64.b32encode(secrets.token_bytes(KEY_BYTES)).decode().rstrip("=")


def clean_totp_key(key: str) -> str | None:
    """A base32 key in its stored form, or None if it is not base32 or shorter than 80 bits."""
    plain = _SEPARATORS.sub("", key).upper().rstrip("=")
    try:
        return plain if len(_key_bytes(plain)) >= KEY_BYTES // 2 else None
    except (binascii.Error, ValueError):
        return None


def totp(key: str, step: int) -> str:
    """The code of one step (RFC 6238 with SHA-1, which is what authenticator apps do)."""
    mac = hmac.digest(_key_bytes(key), step.to_bytes(8, "big"), "sha1")
    offset = mac[-1] & 0x0F
    number = int.from_bytes(mac[offset : offset + 4], "big") & 0x7FFF_FFFF
    return str(number % 10**DIGITS).zfill(DIGITS)


def step_at(at: float) -> int:
    """The step that a Unix time lies in."""
    return int(at // STEP_SECONDS)


def matching_step(key: str, token: str, *, at: float) -> int | None:
    """The newest step around a Unix time whose code this is, or None. Looks at every step, whichever fits."""
    given = _SEPARATORS.sub("", token).encode()
    now, found = step_at(at), None
    for step in range(now - DRIFT_STEPS, now + DRIFT_STEPS + 1):
        if hmac.compare_digest(totp(key, step).encode(), given):
            found = step
    return found


def is_totp(token: str) -> bool:
    """Whether what was typed has the form of an authenticator's code; anything else can only be a recovery code."""
    plain = _SEPARATORS.sub("", token)
    return len(plain) == DIGITS and plain.isascii() and plain.isdigit()


def new_recovery_codes() -> list[str]:
    """Ten fresh codes, `abcde-fghjk-mnpqr-stuvw`."""
    return [
        "-".join(
            "".join(secrets.choice(RECOVERY_ALPHABET) for _ in range(RECOVERY_GROUP_SIZE))
            for _ in range(RECOVERY_GROUPS)
        )
        for _ in range(RECOVERY_COUNT)
    ]


def recovery_digest(code: str) -> bytes | None:
    """What is stored of a recovery code, or None if the text cannot be one. Codes are random, so a plain hash hides them."""
    plain = _SEPARATORS.sub("", code).lower()
    if len(plain) != RECOVERY_GROUPS * RECOVERY_GROUP_SIZE or not set(plain) <= set(RECOVERY_ALPHABET):
        return None
    return sha256(b"desk recovery code\x00" + plain.encode()).digest()


def grouped(key: str, size: int = 4) -> str:
    """A key in groups that a person can copy by eye."""
    return " ".join(key[start : start + size] for start in range(0, len(key), size))


def _key_bytes(key: str) -> bytes:
    return base64.b32decode(key + "=" * (-len(key) % 8))

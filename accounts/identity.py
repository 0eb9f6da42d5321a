"""Who an exchange says a customer is: strict verification of its signed tokens (RFC 7519, RFC 8725).

Everything that is wrong with a token has one and the same answer, so that nobody learns how far a forgery got.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, NoReturn

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator
from django.utils.translation import gettext_lazy as _

from accounts.choices import Algorithm
from accounts.models import IssuerKey, Site
from accounts.names import customer_name
from core.errors import NotAllowed
from core.locales import best_language

if TYPE_CHECKING:
    from jwt.types import Options

LONGEST_LIFE: Final = 600  # seconds from iat to exp
SKEW: Final = 60  # seconds that two clocks may differ
MAX_TOKEN: Final = 8192
MIN_SECRET: Final = 32  # bytes (RFC 7518, 3.2)
HEADERS: Final = frozenset({"alg", "kid", "typ"})
REQUIRED: Final = ("iss", "aud", "sub", "iat", "exp", "jti")
TEXT_LIMIT: Final = 200
TIER_LIMIT: Final = 40
MAX_ATTRIBUTES: Final = 20

_PART = re.compile(r"[A-Za-z0-9_-]+")
_VISIBLE = re.compile(r"[^\x00-\x1f\x7f-\x9f\ud800-\udfff]+")
_check_email = EmailValidator()


class IdentityInvalid(NotAllowed):
    """The one answer to every token that is not accepted."""

    status = 401

    def __init__(self) -> None:
        super().__init__("identity_invalid", _("Your sign-in could not be confirmed. Reload the page and try again."))


@dataclass(frozen=True, slots=True)
class Identity:
    """What a verified token says. Only `issuer_id` and `subject` identify; the rest describes."""

    site_id: int
    issuer_id: int
    subject: str
    jti: str
    expires_at: datetime
    name: str = ""
    email: str = ""
    language: str = ""
    tier: str = ""
    attributes: tuple[tuple[str, str | int | float | bool], ...] = ()
    nonce: str = ""


class _Bad(Exception):
    """Not accepted; why is nobody's business."""


def verify_identity(token: str, *, site: Site, now: datetime) -> Identity:
    """Check an exchange's token for this site and read it.

    The key record decides the algorithm; `kid` picks among the keys of this site's issuer `iss` only. A token that was used
    before is for the caller to notice (`jti`). Raises: IdentityInvalid. Cost: 1 query for a well-formed token.
    """
    try:
        header, claims = _parse(token)
        record = _key_for(site, claims["iss"], header.get("kid"))
        if header["alg"] != record.algorithm:
            raise _Bad
        _check_signature(token, record)
        _check_claims(claims, site.key, now.timestamp())
        return _read(claims, site_id=site.pk, issuer_id=record.issuer_id)
    except _Bad:
        raise IdentityInvalid from None


def check_key(algorithm: str, key: str) -> None:
    """Whether a key may be stored for an algorithm: a secret of 32 bytes, or a public key of the right kind in PEM.

    Raises: ValueError.
    """
    if algorithm == Algorithm.HS256:
        if len(key.encode()) < MIN_SECRET or "-----BEGIN" in key:
            raise ValueError("a shared secret has at least 32 bytes and is no PEM key")
        return
    try:
        public = load_pem_public_key(key.encode())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ValueError("not a public key in PEM") from error
    fits = {
        Algorithm.ES256: isinstance(public, EllipticCurvePublicKey) and isinstance(public.curve, SECP256R1),
        Algorithm.EDDSA: isinstance(public, Ed25519PublicKey),
    }
    if not fits.get(Algorithm(algorithm), False):
        raise ValueError("the key is not of the kind that the algorithm needs")


def _parse(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims of a compact token whose every part is canonical; nothing of it is trusted yet."""
    if not isinstance(token, str) or len(token) > MAX_TOKEN:
        raise _Bad
    parts = token.split(".")
    if len(parts) != 3:
        raise _Bad
    header, claims, _signature = (_decoded(part) for part in parts)
    known, said = _object(header), _object(claims)
    if not set(known) <= HEADERS or known.get("alg") not in Algorithm.values:
        raise _Bad
    if str(known.get("typ", "JWT")).upper() != "JWT" or not isinstance(known.get("kid", ""), str):
        raise _Bad
    if any(name not in said for name in REQUIRED):
        raise _Bad
    return known, said


def _decoded(part: str) -> bytes:
    """Base64url without padding, in the one spelling that encodes to itself."""
    if not _PART.fullmatch(part):
        raise _Bad
    try:
        raw = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except binascii.Error:
        raise _Bad from None
    if base64.urlsafe_b64encode(raw).rstrip(b"=").decode() != part:
        raise _Bad
    return raw


def _object(raw: bytes) -> dict[str, Any]:
    """A JSON object without repeated names, NaN or infinities."""
    try:
        value = json.loads(raw.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise _Bad from None
    if not isinstance(value, dict):
        raise _Bad
    return value


def _unique(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    named: dict[str, Any] = {}
    for name, value in pairs:
        if name in named:
            raise _Bad
        named[name] = value
    return named


def _no_constant(_name: str) -> NoReturn:
    raise _Bad


def _key_for(site: Site, iss: Any, kid: str | None) -> IssuerKey:
    """The key record that must have signed: that of the `kid`, or the issuer's only key if the token names none."""
    _text(iss, TEXT_LIMIT)
    keys = IssuerKey.objects.verifying(site.pk, iss)
    found = list(keys[:2] if kid is None else keys.filter(kid=_text(kid, 80))[:2])
    if len(found) != 1:
        raise _Bad
    return found[0]


def _check_signature(token: str, record: IssuerKey) -> None:
    options: Options = {
        "verify_signature": True,
        "verify_exp": False,  # times are checked below, against the clock we are given
        "verify_iat": False,
        "verify_nbf": False,
        "verify_aud": False,
        "verify_iss": False,
        "verify_sub": False,
        "verify_jti": False,
    }
    try:
        check_key(record.algorithm, record.key)
        jwt.decode(token, record.key, algorithms=[record.algorithm], options=options)
    except (jwt.PyJWTError, ValueError, TypeError):
        raise _Bad from None


def _check_claims(claims: dict[str, Any], site_key: str, now: float) -> None:
    if not isinstance(claims["aud"], str) or claims["aud"] != site_key:
        raise _Bad
    issued, expires = _time(claims["iat"]), _time(claims["exp"])
    if not 0 < expires - issued <= LONGEST_LIFE:
        raise _Bad
    if issued > now + SKEW or expires <= now - SKEW:
        raise _Bad
    if "nbf" in claims and _time(claims["nbf"]) > now + SKEW:
        raise _Bad


def _read(claims: dict[str, Any], *, site_id: int, issuer_id: int) -> Identity:
    return Identity(
        site_id=site_id,
        issuer_id=issuer_id,
        subject=_text(claims["sub"], TEXT_LIMIT),
        jti=_text(claims["jti"], TEXT_LIMIT),
        expires_at=datetime.fromtimestamp(_time(claims["exp"]), UTC) + timedelta(seconds=SKEW),
        name=customer_name(_optional(claims, "name")),
        email=_email(_optional(claims, "email")),
        language=best_language(_optional(claims, "locale"), default=""),
        tier=" ".join(_optional(claims, "tier").split())[:TIER_LIMIT],
        attributes=_attributes(claims.get("attributes")),
        nonce=_optional(claims, "nonce")[:TEXT_LIMIT],
    )


def _time(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e11:
        raise _Bad
    return float(value)


def _text(value: Any, limit: int) -> str:
    """Text that identifies: taken as it is or not at all."""
    if not isinstance(value, str) or len(value) > limit or not _VISIBLE.fullmatch(value) or value != value.strip():
        raise _Bad
    return value


def _optional(claims: dict[str, Any], name: str) -> str:
    """Text that describes: absent and null are empty, another type is a forgery or a mistake."""
    value = claims.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise _Bad
    return " ".join(_VISIBLE.findall(value))


def _email(address: str) -> str:
    try:
        _check_email(address)
    except ValidationError:
        return ""
    return address if len(address) <= 254 else ""


def _attributes(value: Any) -> tuple[tuple[str, str | int | float | bool], ...]:
    if value is None:
        return ()
    if not isinstance(value, dict) or len(value) > MAX_ATTRIBUTES:
        raise _Bad
    return tuple((_text(name, TIER_LIMIT), _attribute(item)) for name, item in value.items())


def _attribute(item: Any) -> str | int | float | bool:
    if isinstance(item, str):
        return " ".join(_VISIBLE.findall(item))[:TEXT_LIMIT]
    if isinstance(item, bool):
        return item
    if isinstance(item, int | float) and abs(item) < 1e15:
        return item
    raise _Bad

"""Makes identity tokens, right ones and every kind of wrong one."""

import base64
import hmac
import json
from hashlib import sha256

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

SECRET = "s3cret-of-the-exchange-0123456789abcdef"
OTHER_SECRET = "another-secret-of-somebody-0123456789ab"
EC_KEY = ec.generate_private_key(ec.SECP256R1())
EC_KEY_384 = ec.generate_private_key(ec.SECP384R1())
ED_KEY = ed25519.Ed25519PrivateKey.generate()
RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def public_pem(key) -> str:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def private_pem(key) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def raw_token(header: bytes, claims: bytes, secret: str = SECRET) -> str:
    """Exactly these bytes, signed with HMAC-SHA256 as far as the attacker can."""
    signed = f"{b64(header)}.{b64(claims)}"
    return f"{signed}.{b64(hmac.digest(secret.encode(), signed.encode(), sha256))}"


def token(claims: dict, *, header: dict | None = None, secret: str = SECRET) -> str:
    """Like `raw_token`, for values."""
    head = {"alg": "HS256", "typ": "JWT"} | (header or {})
    head = {name: value for name, value in head.items() if value is not ...}
    said = {name: value for name, value in claims.items() if value is not ...}
    return raw_token(json.dumps(head).encode(), json.dumps(said).encode(), secret)


def signed(claims: dict, key, algorithm: str, **header) -> str:
    """A token of a key pair."""
    return jwt.encode(claims, key, algorithm=algorithm, headers=header or None)

"""The invented customers of the demo exchange, and its signature on who they are. Never in production."""

import json
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import jwt
from django.conf import settings

from accounts.choices import Algorithm
from accounts.models import IssuerKey, Site
from core.errors import NotFound

SITE_KEY: Final = "larkfield"
LIFE: Final = 300


@dataclass(frozen=True, slots=True)
class DemoCustomer:
    """Somebody who does not exist, as the demo exchange would describe them."""

    subject: str
    name: str
    language: str
    tier: str


CUSTOMERS: Final = (
    DemoCustomer("demo-20418", "Wei Chen", "zh-hans", "Plus"),
    DemoCustomer("demo-31177", "Huda Mansour", "ar", "Standard"),
)


def demo_site() -> Site:
    """The demo exchange. Raises: NotFound outside demo and test, or before it was seeded."""
    site = None if settings.PRODUCTION else Site.objects.active().filter(key=SITE_KEY).first()
    if site is None:
        raise NotFound("no_demo", "")
    return site


def sign_identity(subject: str, *, now: datetime) -> str:
    """The demo exchange's token for one of its customers, good for five minutes. Raises: NotFound, also in production."""
    customer = next((person for person in CUSTOMERS if person.subject == subject), None)
    site = demo_site()
    key = (
        IssuerKey.objects.filter(issuer__site=site, issuer__is_active=True, is_active=True, algorithm=Algorithm.HS256)
        .select_related("issuer")
        .order_by("-pk")
        .first()
    )
    if customer is None or key is None:
        raise NotFound("no_demo", "")
    claims = {
        "iss": key.issuer.name,
        "aud": site.key,
        "sub": customer.subject,
        "jti": secrets.token_urlsafe(16),
        "iat": int(now.timestamp()),
        "exp": int(now.timestamp()) + LIFE,
        "name": customer.name,
        "locale": customer.language,
        "tier": customer.tier,
    }
    return jwt.encode(claims, key.key, algorithm=key.algorithm, headers={"kid": key.kid} if key.kid else None)


def demo_staff() -> list[dict[str, Any]]:
    """How to sign in as the demo's staff, as the seeding left it; empty in production and before seeding."""
    if settings.PRODUCTION:
        return []
    try:
        people = json.loads((settings.DATA_DIR / "demo.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    return [person for person in people if isinstance(person, dict)]

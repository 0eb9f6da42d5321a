"""Making and changing sites, and who may vouch for their customers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.choices import Algorithm
from accounts.identity import check_key
from accounts.models import Issuer, IssuerKey, Site, SitePolicy, Team, User
from accounts.origins import clean_origins
from accounts.recording import Origin, record
from core.errors import Refused


@transaction.atomic
def create_site(
    *,
    key: str,
    name: str,
    origins: Sequence[str],
    issuer: str | None = None,
    identity_secret: str | None = None,
    origin: Origin,
) -> Site:
    """Make a site, or bring an existing one to this state; the default teams answer for it.

    Repeat: updates name and origins; an identity secret replaces the issuer's secret without a key id.
    Raises: Refused ``bad_site_key``, ``bad_origin``, ``bad_identity_secret``. Records: site_saved.
    """
    site = Site.objects.filter(key=key).first() or Site(key=key)
    site.name, site.origins, site.is_active = name, clean_origins(list(origins)), True
    try:
        site.full_clean()
    except ValidationError as error:
        raise Refused("bad_site_key", " ".join(error.messages)) from None
    site.save()
    for team in Team.objects.filter(is_default=True):
        team.sites.add(site)
    if identity_secret is not None:
        _save_secret(site, issuer or key, identity_secret)
    record("site_saved", actor=None, subject=site, origin=origin, origins=site.origins, issuer=issuer or "")
    return site


@transaction.atomic
def set_policy(*, site: Site, name: str, value: Any, actor: User | None, origin: Origin) -> SitePolicy:
    """Give a policy a new value; the old rows stay as its history. Repeat: one more row. Records: policy_changed."""
    row = SitePolicy.objects.create(site=site, name=name, value=value, changed_by=actor)
    record("policy_changed", actor=actor, subject=site, origin=origin, name=name)
    return row


def _save_secret(site: Site, issuer_name: str, secret: str) -> None:
    try:
        check_key(Algorithm.HS256, secret)
    except ValueError:
        raise Refused("bad_identity_secret", _("An identity secret has at least 32 bytes.")) from None
    issuer, _created = Issuer.objects.get_or_create(site=site, name=issuer_name)
    IssuerKey.objects.update_or_create(
        issuer=issuer, kid="", defaults={"algorithm": Algorithm.HS256, "key": secret, "is_active": True}
    )

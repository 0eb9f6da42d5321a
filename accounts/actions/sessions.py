"""Browser sessions of customers: who is behind them, and when they end."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.db.models.functions import Now

from accounts import groups
from accounts.choices import Assurance
from accounts.data_keys import sealed_new_key
from accounts.identity import Identity, IdentityInvalid
from accounts.models import Customer, CustomerSession, DataKey, EmailAddress, Site, UsedToken
from accounts.selectors import token_digest
from core.publishing import Frame, publish_on_commit

ANONYMOUS_LIFE: Final = timedelta(days=30)
VERIFIED_LIFE: Final = timedelta(hours=24)  # a shared computer; the exchange's page brings a new token anyway


@dataclass(frozen=True, slots=True)
class OpenedSession:
    """A session and its secret. `joined` names an anonymous customer and the verified one they turned out to be."""

    token: str = field(repr=False)
    session: CustomerSession
    customer: Customer
    joined: tuple[Customer, Customer] | None = None


@transaction.atomic
def open_session(
    *, site: Site, identity: Identity | None, resume: str | None, language: str, now: datetime
) -> OpenedSession:
    """Go on with a browser's session or begin one, for the person the exchange vouches for or for an anonymous one.

    A session never rises from anonymous to verified: it is replaced, so that a token planted in a browser beforehand opens
    nothing. An anonymous customer becomes the verified one if the exchange has not sent that person before; else their threads
    are to be joined (`joined`). Another person in the same browser gets a session of their own.

    Repeat: with the live `resume` token the same session, extended. A token's `jti` counts once, and again only with the
    session that it made. Raises: IdentityInvalid. Locks: session, then customers in order of id.
    """
    resumed = _resumed(site, resume)
    if identity is None:
        if resumed and resume:
            return OpenedSession(resume, _extend(resumed, now), resumed.customer)
        return _new_session(site, _new_customer(site, language, now), language, now)
    if identity.site_id != site.pk:
        raise IdentityInvalid
    known = _lock_people(resumed, identity)
    if resumed and resume and known and known.pk == resumed.customer_id:
        _describe(resumed.customer, identity, language, now)
        _spend(identity, resumed)
        return OpenedSession(resume, _extend(resumed, now), resumed.customer)
    return _open_verified(site, identity, resumed, known, language, now)


def close_session(token: str) -> bool:
    """End a session: its token opens nothing any more and its sockets close. Repeat: false, nothing happens."""
    with transaction.atomic():
        found = CustomerSession.objects.live().with_token(token_digest(token)).values_list("pk", flat=True)
        return bool(_revoke(list(found)))


@transaction.atomic
def revoke_sessions(customer: Customer, *, keep: CustomerSession | None = None) -> int:
    """End every session of a customer, or all but one. Returns how many. Repeat: 0."""
    found = CustomerSession.objects.filter(customer=customer, revoked_at=None)
    if keep is not None:
        found = found.exclude(pk=keep.pk)
    return _revoke(list(found.values_list("pk", flat=True)))


def forget_spent_tokens() -> int:
    """Remove records of tokens that have expired anyway. Returns how many. Repeat: harmless."""
    deleted, _ = UsedToken.objects.filter(expires_at__lt=Now()).delete()
    return deleted


def _open_verified(
    site: Site,
    identity: Identity,
    resumed: CustomerSession | None,
    known: Customer | None,
    language: str,
    now: datetime,
) -> OpenedSession:
    """A session of the person of this identity, in a browser where somebody else or nobody was before."""
    before = resumed.customer if resumed and not resumed.customer.is_verified else None
    customer = known
    if customer is None and before is not None:
        customer = _promote(before, identity)
    joined = (before, customer) if before and customer and before.pk != customer.pk else None
    if customer is None:
        customer = _create_of(site, identity, language, now)
    _describe(customer, identity, language, now)
    if joined:
        Customer.objects.filter(pk=joined[0].pk).update(joined_into=customer)
        joined[0].joined_into = customer
    if before is not None:
        revoke_sessions(before)
    elif resumed is not None:
        _revoke([resumed.pk])
    opened = _new_session(site, customer, language, now, joined=joined)
    _spend(identity, opened.session)
    return opened


def _resumed(site: Site, token: str | None) -> CustomerSession | None:
    if not token or len(token) > 200:
        return None
    return (
        CustomerSession.objects.live()
        .with_token(token_digest(token))
        .filter(site=site)
        .select_related("customer")
        .locked()
        .first()
    )


def _lock_people(resumed: CustomerSession | None, identity: Identity) -> Customer | None:
    """Lock who the session is of and who the identity names, in order of id: two browsers may swap. The latter, if known."""
    wanted = Q(issuer=identity.issuer_id, subject=identity.subject)
    if resumed is not None:
        wanted |= Q(pk=resumed.customer_id)
    known = None
    for customer in Customer.objects.locked().filter(wanted).order_by("pk"):
        if resumed is not None and customer.pk == resumed.customer_id:
            resumed.customer = customer
        if (customer.issuer_id, customer.subject) == (identity.issuer_id, identity.subject):
            known = customer
    return known


def _customer_of(identity: Identity) -> Customer | None:
    return Customer.objects.locked().filter(issuer=identity.issuer_id, subject=identity.subject).first()


def _promote(customer: Customer, identity: Identity) -> Customer | None:
    """Let an anonymous customer be the person of an identity; None if another session was first."""
    try:
        with transaction.atomic():
            Customer.objects.filter(pk=customer.pk).update(issuer=identity.issuer_id, subject=identity.subject)
    except IntegrityError:
        return _customer_of(identity)
    customer.issuer_id, customer.subject = identity.issuer_id, identity.subject
    return customer


def _create_of(site: Site, identity: Identity, language: str, now: datetime) -> Customer:
    try:
        with transaction.atomic():
            return _new_customer(site, language, now, identity)
    except IntegrityError:  # another connection created them between our look and now
        found = _customer_of(identity)
        if found is None:
            raise
        return found


def _new_customer(site: Site, language: str, now: datetime, identity: Identity | None = None) -> Customer:
    """Store a customer together with the first key that their words will be sealed under."""
    customer = Customer.objects.create(
        site=site,
        issuer_id=identity.issuer_id if identity else None,
        subject=identity.subject if identity else None,
        language=language,
        seen_at=now,
    )
    add_data_key(customer)
    return customer


def add_data_key(customer: Customer) -> DataKey:
    """Give a customer a fresh key."""
    data_key = sealed_new_key(customer)
    data_key.save(force_insert=True)
    return data_key


def _describe(customer: Customer, identity: Identity, language: str, now: datetime) -> None:
    """Take over what the token says of the person. None of it identifies."""
    customer.name = identity.name
    customer.tier = identity.tier
    customer.attributes = dict(identity.attributes)
    customer.language = identity.language or language or customer.language
    customer.seen_at = now
    customer.save(update_fields=["name", "tier", "attributes", "language", "seen_at"])
    if identity.email:
        EmailAddress.objects.bulk_create(
            [EmailAddress(customer=customer, address=identity.email)], ignore_conflicts=True
        )


def _new_session(
    site: Site,
    customer: Customer,
    language: str,
    now: datetime,
    joined: tuple[Customer, Customer] | None = None,
) -> OpenedSession:
    token = secrets.token_urlsafe(32)
    session = CustomerSession.objects.create(
        customer=customer,
        site=site,
        token_hash=token_digest(token),
        assurance=Assurance.JWT if customer.is_verified else Assurance.ANONYMOUS,
        language=language,
        expires_at=now + _life_of(customer),
    )
    session.epoch = 1
    return OpenedSession(token, session, customer, joined)


def _extend(session: CustomerSession, now: datetime) -> CustomerSession:
    session.expires_at = now + _life_of(session.customer)
    session.save(update_fields=["expires_at"])
    return session


def _life_of(customer: Customer) -> timedelta:
    return VERIFIED_LIFE if customer.is_verified else ANONYMOUS_LIFE


def _spend(identity: Identity, session: CustomerSession) -> None:
    """Use up the token's `jti` for this session. Raises: IdentityInvalid if another session has it."""
    spent, _ = UsedToken.objects.get_or_create(
        issuer_id=identity.issuer_id,
        jti=identity.jti,
        defaults={"session": session, "expires_at": identity.expires_at},
    )
    if spent.session_id != session.pk:
        raise IdentityInvalid


def _revoke(session_ids: list[int]) -> int:
    changed = CustomerSession.objects.filter(pk__in=session_ids, revoked_at=None).update(
        revoked_at=Now(), epoch=F("epoch") + 1
    )
    publish_on_commit([Frame(groups.customer_session(pk), 0, "revoked", b"") for pk in session_ids])
    return changed

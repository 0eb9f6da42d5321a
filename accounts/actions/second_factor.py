"""Enrolling, checking and removing second factors."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django_otp.models import Device

from accounts import codes
from accounts.actions.staff_sessions import end_sessions
from accounts.models import RecoveryCode, RecoveryDevice, TotpDevice, User
from accounts.recording import Origin, record


@dataclass(frozen=True, slots=True)
class Checked:
    """What became of a token: the device that accepted it, or none. A wait means that it was not even looked at."""

    device: Device | None
    wait: timedelta = timedelta(0)


def begin_enrolment(*, user: User) -> TotpDevice:
    """An authenticator that is not in use yet, with a fresh key to show. Repeat: replaces the unused one.

    Only for a user without a second factor; others add one while signed in.
    """
    with transaction.atomic():
        device: TotpDevice
        device, _ = TotpDevice.objects.update_or_create(
            user=user,
            confirmed=False,
            defaults={
                "name": "authenticator",
                "key": codes.new_totp_key(),
                "last_step": -1,
                "throttling_failure_count": 0,
                "throttling_failure_timestamp": None,
            },
        )
    return device


def confirm_enrolment(*, user: User, token: str, origin: Origin) -> tuple[Checked, list[str]]:
    """Take an authenticator into use after a right code, and make the recovery codes that go with it.

    The codes are returned once and stored as hashes. Repeat: refused, the code is spent. Records: second_factor_enrolled.
    """
    device = TotpDevice.objects.filter(user=user, confirmed=False).first()
    if device is None or has_second_factor(user):
        return Checked(None), []
    checked = _try(device, token)
    if checked.device is None:
        return checked, []
    with transaction.atomic():
        device.confirmed = True
        device.save(update_fields=["confirmed"])
        fresh = _replace_codes(user)
        record("second_factor_enrolled", actor=user, subject=user, origin=origin)
    return checked, fresh


def check_token(*, user: User, token: str) -> Checked:
    """Spend a code of the authenticator, or a recovery code; both come in the same field.

    Repeat: refused; every code counts once. Locks: the device.
    """
    model = TotpDevice if codes.is_totp(token) else RecoveryDevice
    device = model.objects.filter(user=user, confirmed=True).first()
    return Checked(None) if device is None else _try(device, token)


def renew_recovery_codes(*, user: User, origin: Origin) -> list[str]:
    """Ten new recovery codes; the old ones are void. Records: recovery_codes_renewed."""
    with transaction.atomic():
        fresh = _replace_codes(user)
        record("recovery_codes_renewed", actor=user, subject=user, origin=origin)
    return fresh


def has_second_factor(user: User) -> bool:
    """Whether the user has an authenticator in use. Cost: 1 query."""
    return bool(TotpDevice.objects.filter(user=user, confirmed=True).exists())


@transaction.atomic
def install_totp(*, user: User, key: str) -> bool:
    """Give a user an authenticator with a known key: for accounts made at the command line.

    Returns whether anything changed. Repeat: false; steps that are spent stay spent.
    """
    device = TotpDevice.objects.filter(user=user, confirmed=True).first()
    if device is None:
        TotpDevice.objects.create(user=user, name="authenticator", confirmed=True, key=key)
        return True
    if device.key == key:
        return False
    device.key, device.last_step = key, -1
    device.save(update_fields=["key", "last_step"])
    return True


@transaction.atomic
def remove_second_factor(*, user: User, actor: User, origin: Origin) -> None:
    """Take away a user's authenticator and recovery codes; all their sessions end and they enrol again.

    Repeat: harmless. Records: second_factor_removed.
    """
    TotpDevice.objects.filter(user=user).delete()
    RecoveryDevice.objects.filter(user=user).delete()
    end_sessions(user=user)
    record("second_factor_removed", actor=actor, subject=user, origin=origin)


def _try(device: TotpDevice | RecoveryDevice, token: str) -> Checked:
    wait = device.wait_left()
    if wait:
        return Checked(None, wait)
    return Checked(device if device.verify_token(token) else None)


def _replace_codes(user: User) -> list[str]:
    device, _ = RecoveryDevice.objects.get_or_create(user=user, defaults={"name": "recovery codes", "confirmed": True})
    RecoveryDevice.objects.select_for_update(no_key=True).get(pk=device.pk)
    RecoveryCode.objects.filter(device=device).delete()
    fresh = codes.new_recovery_codes()
    RecoveryCode.objects.bulk_create(
        RecoveryCode(device=device, code_hash=codes.recovery_digest(code)) for code in fresh
    )
    return fresh

"""Second factors of staff: authenticator apps with sealed keys, and recovery codes of which only hashes are kept."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

from django.db import models, transaction
from django.utils import timezone
from django_otp.models import Device, ThrottlingMixin, TimestampMixin

from accounts import codes
from core.crypto.fields import SealedTextField

SLOWEST_TRY = (
    9  # failures counted: waits double from 1 s up to 256 s, so that a stranger cannot lock a person out for ever
)


class SecondFactor(TimestampMixin, ThrottlingMixin, Device):  # type: ignore[misc]  # the library has no types
    """What both kinds of second factor share: a token is tried under the device's row lock, and failures make it wait."""

    class Meta:
        abstract = True

    def get_throttle_factor(self) -> int:
        """Seconds that the first failure costs; each further one doubles it."""
        return 1

    def verify_token(self, token: str) -> bool:
        """Spend a token: true once for each, however many connections try it at the same time.

        Repeat: false. Cost: 3 queries under the row's lock. A try during the wait counts as nothing and is refused.
        """
        with transaction.atomic():
            device = type(self).objects.select_for_update(of=("self",), no_key=True).get(pk=self.pk)
            allowed, _ = device.verify_is_allowed()
            accepted = bool(allowed) and device.spend(token)
            if accepted:
                device.throttle_reset(commit=False)
                device.last_used_at = timezone.now()
            elif allowed:
                device.throttle_increment(commit=False)
                device.throttling_failure_count = min(device.throttling_failure_count, SLOWEST_TRY)
            device.save(update_fields=["throttling_failure_count", "throttling_failure_timestamp", "last_used_at"])
        self.refresh_from_db()
        return accepted

    def spend(self, token: str) -> bool:
        """Use up a token if it is right. Called under the row lock."""
        raise NotImplementedError

    def wait_left(self) -> timedelta:
        """How long until the next try is looked at."""
        allowed, why = self.verify_is_allowed()
        return timedelta(0) if allowed or why is None else why["locked_until"] - timezone.now()


class TotpDevice(SecondFactor):
    """An authenticator app (RFC 6238, SHA-1, 6 digits, 30 s). The key is base32, sealed at rest."""

    key = SealedTextField()
    last_step = models.BigIntegerField(default=-1)  # a step is spent once

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint("user", "confirmed", name="totp_device_unique")]

    def __str__(self) -> str:
        return f"authenticator of user {self.user_id}"

    def spend(self, token: str) -> bool:
        """Accept a code of the last, this or the next half minute, unless that step or a later one is spent."""
        step = codes.matching_step(self.key, token, at=timezone.now().timestamp())
        if step is None:
            return False
        return bool(TotpDevice.objects.filter(pk=self.pk, last_step__lt=step).update(last_step=step))


class RecoveryDevice(SecondFactor):
    """Holds a user's recovery codes and the throttle that guards them."""

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint("user", name="recovery_device_unique")]

    def __str__(self) -> str:
        return f"recovery codes of user {self.user_id}"

    def spend(self, token: str) -> bool:
        """Accept a code that is stored, by removing it."""
        digest = codes.recovery_digest(token)
        if digest is None:
            return False
        deleted, _ = RecoveryCode.objects.filter(device=self, code_hash=digest).delete()
        return bool(deleted)


class RecoveryCode(models.Model):
    """One recovery code, as a hash; the row goes when the code is used."""

    device = models.ForeignKey(RecoveryDevice, models.CASCADE, related_name="codes")
    code_hash = models.BinaryField(max_length=32)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint("device", "code_hash", name="recovery_code_unique")]

    def __str__(self) -> str:
        return f"recovery code {self.pk}"


class SpentTicket(models.Model):
    """A socket ticket that was used; the row refuses it from then on and goes when the ticket would have expired."""

    digest = models.BinaryField(max_length=32, primary_key=True)
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"ticket spent until {self.expires_at:%Y-%m-%d %H:%M}"

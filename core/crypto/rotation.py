"""Brings every sealed value under the first of the operator's keys, so that an old key can be thrown away.

Columns of `SealedTextField` are found by themselves. A column that holds keys wrapped by `core.crypto.data_keys.wrap`
is registered by the app that owns it: `register("accounts.DataKey", "wrapped", aad_of)`, from its AppConfig's
``ready``.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import models, transaction
from django.db.models.functions import Cast, Substr

from core.crypto.fields import SealedTextField
from core.crypto.keys import HEADER_BYTES, KeyRing, WrongKey

BATCH = 200

AadOf = Callable[[Any], bytes]
_registered: dict[tuple[str, str], AadOf] = {}


@dataclass(frozen=True, slots=True)
class SealedColumn:
    """A column to rotate, and how each row's place is spelled."""

    model: type[models.Model]
    field: str
    aad_of: AadOf

    @property
    def label(self) -> str:
        """How people call it."""
        return f"{self.model._meta.label}.{self.field}"  # noqa: SLF001 documented API

    def not_under(self, ring: KeyRing) -> "models.QuerySet[Any]":
        """Rows whose value another key sealed. Other sealed columns are not read."""
        others = [field.name for field in _sealed_fields(self.model)]
        rows: models.QuerySet[Any] = (
            self.model._base_manager.defer(*others)  # noqa: SLF001 documented API
            .annotate(sealed_bytes=Cast(self.field, models.BinaryField()))
            .annotate(sealed_header=Substr("sealed_bytes", 1, HEADER_BYTES, output_field=models.BinaryField()))
            .filter(sealed_bytes__isnull=False)
            .exclude(sealed_header=ring.current_header)
        )
        return rows

    def count_not_under(self, ring: KeyRing) -> int:
        """How many rows are left to rotate. Cost: 1 query."""
        return self.not_under(ring).count()


@dataclass(slots=True)
class Progress:
    """What one batch did; ``last`` is where the next one begins."""

    rotated: int
    failed: int
    last: Any


def register(model_label: str, field: str, aad_of: AadOf) -> None:
    """Have `rotate_keys` rewrap a column of wrapped keys. ``aad_of`` gives a row's additional data from its own
    columns.

    Repeat: the newest registration counts.
    """
    _registered[(model_label, field)] = aad_of


def sealed_columns() -> Iterator[SealedColumn]:
    """Every column that values have to be rotated in."""
    for model in apps.get_models():
        if not model._meta.proxy and model._meta.managed:  # noqa: SLF001 documented API
            for field in _sealed_fields(model):
                yield SealedColumn(model, field.name, _constant(field.aad))
    for (label, name), aad_of in _registered.items():
        yield SealedColumn(apps.get_model(label), name, aad_of)


def rotate_batch(column: SealedColumn, ring: KeyRing, *, after: Any = None, size: int = BATCH) -> Progress | None:
    """Bring the next rows under the first key; None if there are none. A value that does not open is left and counted.

    Repeat: goes on where it was interrupted, for a rotated row is not found again.
    Locks: the rows of the batch, in the order of their keys.
    Cost: 1 query and 1 for each row.
    """
    with transaction.atomic():
        rows = column.not_under(ring).order_by("pk").select_for_update(no_key=True, of=("self",))
        batch = list(rows.filter(pk__gt=after)[:size] if after is not None else rows[:size])
        if not batch:
            return None
        rotated = sum(_rotate(column, ring, row) for row in batch)
        return Progress(rotated, len(batch) - rotated, batch[-1].pk)


def _rotate(column: SealedColumn, ring: KeyRing, row: Any) -> bool:
    aad = column.aad_of(row)
    try:
        sealed = ring.seal(ring.open(bytes(row.sealed_bytes), aad), aad)
    except WrongKey:
        return False
    value = models.Value(sealed, output_field=models.BinaryField())
    column.model._base_manager.filter(pk=row.pk).update(**{column.field: value})  # noqa: SLF001 documented API
    return True


def _sealed_fields(model: type[models.Model]) -> list[SealedTextField]:
    return [field for field in model._meta.local_fields if isinstance(field, SealedTextField)]  # noqa: SLF001


def _constant(aad: bytes) -> AadOf:
    return lambda _row: aad

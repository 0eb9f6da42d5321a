"""The operator's way to retire a key."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.progress import Progress as Bar

from core.crypto.keys import KeyRing, field_keys
from core.crypto.rotation import SealedColumn, rotate_batch, sealed_columns


class Command(BaseCommand):
    """Put the new key first in FIELD_KEYS, restart, run this, then remove the old key.

    May be stopped and run again at any time, while the desk works. Exits with 1 if values do not open with any key.
    """

    help = "Bring every sealed value and wrapped key under the first of FIELD_KEYS."

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        """Column by column; prints what was done."""
        ring = field_keys()
        failed = 0
        console = Console(stderr=True)
        with Bar(console=console, transient=True, disable=not console.is_terminal) as bar:
            for column in sealed_columns():
                rotated, unopened = _rotate_column(column, ring, bar)
                failed += unopened
                self.stdout.write(f"{column.label}: {rotated} rotated, {unopened} do not open")
        if failed:
            raise CommandError(f"{failed} values do not open with any of FIELD_KEYS; keep every key that you have")


def _rotate_column(column: SealedColumn, ring: KeyRing, bar: Bar) -> tuple[int, int]:
    """Passes over the column until one finds nothing to rotate: others may still write under the old key meanwhile."""
    rotated = 0
    while True:
        task = bar.add_task(column.label, total=column.count_not_under(ring))
        done, failed = _one_pass(column, ring, bar, task)
        rotated += done
        if not done:
            return rotated, failed


def _one_pass(column: SealedColumn, ring: KeyRing, bar: Bar, task: Any) -> tuple[int, int]:
    done, failed, last = 0, 0, None
    while batch := rotate_batch(column, ring, after=last):
        done, failed, last = done + batch.rotated, failed + batch.failed, batch.last
        bar.update(task, advance=batch.rotated + batch.failed)
    return done, failed

"""The operator's way to check the audit, and to note how far it went."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from core.audit.checkpoints import checkpoint, checkpoint_path, public_key
from core.audit.verification import verify_audit
from core.db import utc_now


class Command(BaseCommand):
    """Exits with 1 and names every place if the audit was tampered with."""

    help = "Verify the audit from its first entry to its last, against the checkpoints outside the database."

    def add_arguments(self, parser: CommandParser) -> None:
        """One option more: to write a checkpoint."""
        parser.add_argument(
            "--checkpoint", action="store_true", help="if it is intact, note its end in the checkpoint file"
        )

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        """Verify, then note; never note an end that does not verify."""
        verdict = verify_audit(now=utc_now())
        for problem in verdict.problems:
            self.stderr.write(f"{problem.kind} at {problem.place}")
        if not verdict.is_intact:
            raise CommandError(f"the audit was tampered with: {len(verdict.problems)} findings", returncode=1)
        self.stdout.write(f"intact: {verdict.entries} entries, {verdict.checkpoints} checkpoints")
        if options["checkpoint"]:
            made = checkpoint()
            self.stdout.write(
                f"checkpoint at {made.sequence} in {checkpoint_path()}" if made else "nothing new to note"
            )
            self.stdout.write(f"public key {public_key()}")

"""The current code of a demo agent, for trying the product without a phone."""

import argparse
from time import sleep, time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from accounts import codes
from accounts.selectors import authenticator_of, user_by_email


class Command(BaseCommand):
    """`totp EMAIL`: prints a code that still counts; if those of now are used up, waits for the next. Never in production."""

    help = "Print the current sign-in code of a user (not in production)."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Whose code."""
        parser.add_argument("email")

    def handle(self, **options: Any) -> None:
        """Raises: CommandError in production and for a user without an authenticator."""
        if settings.DESK_MODE == "production":
            raise CommandError("Codes are not printed in production.")
        user = user_by_email(options["email"])
        device = authenticator_of(user, confirmed=True) if user else None
        if device is None:
            raise CommandError(f"{options['email']} has no authenticator.")
        step = max(codes.step_at(time()), device.last_step + 1)  # a spent code is never accepted again
        opens_at = (step - codes.DRIFT_STEPS) * codes.STEP_SECONDS
        sleep(min(max(opens_at - time(), 0), codes.STEP_SECONDS))
        self.stdout.write(codes.totp(device.key, step))

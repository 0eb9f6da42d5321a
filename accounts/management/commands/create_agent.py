"""Make or update a person of the staff."""

import argparse
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.actions import people
from accounts.choices import Role
from accounts.recording import COMMAND_LINE
from core.errors import Refused


class Command(BaseCommand):
    """`create_agent --email E --password P --totp-secret BASE32`: signs in with both at once. Repeat: updates."""

    help = "Make or update a person who signs in and answers."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """What may be said of the person."""
        parser.add_argument("--email", required=True)
        parser.add_argument("--password", required=True)
        parser.add_argument("--totp-secret", help="base32; without it the person enrols at the first sign-in")
        parser.add_argument("--role", choices=Role.values, default=Role.AGENT)
        parser.add_argument("--languages", default="en", help="comma-separated, for example en,zh-hans")
        parser.add_argument("--capacity", type=int, default=4, help="chats at once")
        parser.add_argument("--team", default="Support")
        parser.add_argument("--name", default="", help="shown to customers")

    def handle(self, **options: Any) -> None:
        """Raises: CommandError with the sentence of a refusal."""
        try:
            agent = people.create_agent(
                email=options["email"],
                password=options["password"],
                totp_secret=options["totp_secret"],
                role=options["role"],
                languages=options["languages"].split(","),
                capacity=options["capacity"],
                team=options["team"],
                name=options["name"],
                origin=COMMAND_LINE,
            )
        except Refused as refusal:
            raise CommandError(refusal.message) from None
        self.stdout.write(f"{agent.user.email}: {options['role']}, {', '.join(agent.languages)}")

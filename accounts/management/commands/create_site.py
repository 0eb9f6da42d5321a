"""Make or update a site."""

import argparse
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.actions import sites
from accounts.recording import COMMAND_LINE
from core.errors import Refused


class Command(BaseCommand):
    """`create_site --key K --name N --origins https://a,https://b [--issuer I --identity-secret S]`. Repeat: updates."""

    help = "Make or update a site that embeds the widget."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """What may be said of the site."""
        parser.add_argument("--key", required=True)
        parser.add_argument("--name", required=True)
        parser.add_argument("--origins", required=True, help="comma-separated, for example https://www.example.com")
        parser.add_argument("--issuer", help="who signs identity tokens (iss); the site's key if left out")
        parser.add_argument("--identity-secret", help="HS256 secret of at least 32 bytes")

    def handle(self, **options: Any) -> None:
        """Raises: CommandError with the sentence of a refusal."""
        try:
            site = sites.create_site(
                key=options["key"],
                name=options["name"],
                origins=options["origins"].split(","),
                issuer=options["issuer"],
                identity_secret=options["identity_secret"],
                origin=COMMAND_LINE,
            )
        except Refused as refusal:
            raise CommandError(refusal.message) from None
        self.stdout.write(f"{site.key}: {', '.join(site.origins)}")

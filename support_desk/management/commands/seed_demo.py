"""`manage.py seed_demo`: an invented exchange with staff, so that a newcomer can play at once. Never in production."""

import base64
import json
import os
import secrets
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from accounts.actions.people import create_agent
from accounts.actions.sites import create_site
from accounts.choices import Role
from accounts.recording import COMMAND_LINE

SITE_KEY, ISSUER = "larkfield", "https://larkfield.example"
PEOPLE = (
    (Role.AGENT, "ana@desk.example", "Ana (demo)", ("en", "es", "pt-br", "fr")),
    (Role.AGENT, "wei@desk.example", "Wei (demo)", ("zh-hans", "zh-hant", "en", "ja", "ko")),
    (Role.AGENT, "noor@desk.example", "Noor (demo)", ("ar", "tr", "ru", "vi", "en")),
    (Role.LEAD, "lead@desk.example", "Lena (demo)", ("en", "ru")),
    (Role.ADMIN, "admin@desk.example", "Adam (demo)", ("en",)),
)


class Command(BaseCommand):
    """Makes the demo site and its people, and writes how to sign in to DATA_DIR/demo.json (mode 0600)."""

    help = "Make the demo exchange, its staff and their sign-ins. Refused in production."

    def handle(self, **_options: Any) -> None:
        """Repeat: new passwords and keys for the same people. Raises: CommandError in production."""
        if settings.PRODUCTION:
            raise CommandError("Demo content does not belong into production.")
        signed = [self._person(role, email, name, languages) for role, email, name, languages in PEOPLE]
        create_site(
            key=SITE_KEY,
            name="Larkfield (demo)",
            origins=[settings.PUBLIC_URL],
            issuer=ISSUER,
            identity_secret=secrets.token_urlsafe(48),
            origin=COMMAND_LINE,
        )
        path = settings.DATA_DIR / "demo.json"
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            json.dump(signed, file, indent=2)
        self.stdout.write(f"{len(signed)} people, site {SITE_KEY}")

    def _person(self, role: Role, email: str, name: str, languages: tuple[str, ...]) -> dict[str, str]:
        password = "-".join(secrets.token_hex(2) for _part in range(4))
        create_agent(
            email=email,
            password=password,
            totp_secret=base64.b32encode(secrets.token_bytes(20)).decode(),
            role=role,
            languages=languages,
            name=name,
            origin=COMMAND_LINE,
        )
        return {
            "role": role.value,
            "email": email,
            "password": password,
            "totp_command": f".venv/bin/python manage.py totp {email}",
        }

"""How a person of the staff signs in."""

from dataclasses import dataclass
from time import time

from django.test import Client

from accounts import codes
from accounts.actions.second_factor import install_totp
from accounts.models import Agent, Grant, Site, Team, User

KEY = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
PASSWORD = "correct horse battery"


@dataclass
class Person:
    """A user with an authenticator at hand."""

    user: User
    password: str = PASSWORD
    key: str = KEY
    last_step: int = 0

    def code(self) -> str:
        """A code that was not used before: of the last, this or the next half minute, in this order."""
        self.last_step = max(self.last_step + 1, codes.step_at(time()) - 1)
        return codes.totp(self.key, self.last_step)

    def enter_password(self, client: Client, **extra):
        return client.post("/accounts/login/", {"username": self.user.email, "password": self.password}, **extra)

    def sign_in(self, client: Client):
        self.enter_password(client)
        return client.post("/accounts/verify/", {"otp_token": self.code()})


def make_person(name: str, *, role: str | None, enrolled: bool, **fields) -> Person:
    user = User.objects.create_user(f"{name}@desk.example", PASSWORD, display_name=name.title(), **fields)
    if role:
        Grant.objects.create(user=user, role=role)
    if enrolled:
        install_totp(user=user, key=KEY)
    return Person(user)


def make_site(key: str) -> Site:
    return Site.objects.create(key=key, name=key.title(), origins=[f"https://www.{key}.example"])


def make_team(site: Site) -> Team:
    team = Team.objects.create(name="Support", is_default=True)
    team.sites.add(site)
    return team


def make_agent(person: Person, team: Team) -> Person:
    profile = Agent.objects.create(user=person.user, languages=["en"])
    profile.teams.add(team)
    return person

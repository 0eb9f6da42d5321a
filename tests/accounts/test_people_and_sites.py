"""Commands and actions that make people and sites, and presence."""

from datetime import timedelta
from io import StringIO
from time import time

import pytest
from django.core.management import CommandError, call_command
from django.db.models.functions import Now
from django.test import Client
from django.utils import timezone

from accounts import codes
from accounts.actions.presence import beat, set_presence
from accounts.actions.sites import set_policy
from accounts.choices import Presence
from accounts.identity import verify_identity
from accounts.models import Agent, Grant, IssuerKey, Site, SitePolicy, Team, TotpDevice, User
from accounts.recording import COMMAND_LINE
from accounts.selectors import is_present, limits_of, policy_value, site_by_key
from core.audit.models import Entry
from core.errors import NotAllowed, Refused
from tests.accounts.forgery import SECRET, token

KEY = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
AGENT = ["--email", "ana@desk.example", "--password", "a long password", "--totp-secret", KEY]


def run(*arguments: str) -> str:
    out = StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def test_an_agent_made_at_the_command_line_signs_in(site):
    said = run("create_agent", *AGENT, "--languages", "en,zh-CN", "--capacity", "3")
    assert said == "ana@desk.example: agent, en, zh-hans\n"
    agent = Agent.objects.get()
    assert (agent.languages, agent.capacity, agent.user.is_staff) == (["en", "zh-hans"], 3, False)
    assert [(team.name, team.is_default, list(team.sites.all())) for team in agent.teams.all()] == [
        ("Support", True, [site])
    ]
    client = Client()
    client.post("/accounts/login/", {"username": "ana@desk.example", "password": "a long password"})
    assert client.post("/accounts/verify/", {"otp_token": codes.totp(KEY, codes.step_at(time()))}).url == "/console/"
    entry = Entry.objects.get(action="agent_saved")
    assert (entry.actor_kind, entry.object_kind, entry.facts) == (
        "command",
        "accounts.user",
        {"role": "agent", "team": "Support"},
    )


def test_the_command_may_be_repeated(site):
    run("create_agent", *AGENT)
    TotpDevice.objects.update(last_step=7)
    run("create_agent", *AGENT)
    user = User.objects.get()
    assert (user.session_epoch, TotpDevice.objects.get().last_step) == (1, 7)
    assert Agent.objects.count() == Grant.objects.count() == Team.objects.count() == 1
    run("create_agent", *AGENT, "--role", "admin", "--team", "Night")
    user.refresh_from_db()
    assert (user.session_epoch, user.is_staff) == (2, True)
    assert list(Grant.objects.values_list("role", "site", "team")) == [("admin", None, None)]
    assert sorted(user.agent.teams.values_list("name", flat=True)) == ["Night", "Support"]
    run("create_agent", "--email", "ANA@desk.example", "--password", "another password", "--role", "admin")
    assert User.objects.get().check_password("another password")
    assert TotpDevice.objects.get().key == KEY


@pytest.mark.parametrize(
    "wrong",
    [
        ["--email", "nobody"],
        ["--totp-secret", "not base32!"],
        ["--totp-secret", "JBSWY3DP"],
        ["--languages", "en,klingon"],
        ["--languages", ""],
        ["--capacity", "0"],
        ["--capacity", "101"],
        ["--role", "emperor"],
    ],
)
def test_a_wrong_agent_is_refused_whole(db, wrong):
    with pytest.raises((CommandError, SystemExit)):
        run("create_agent", *AGENT, *wrong)
    assert not User.objects.exists()
    assert not Team.objects.exists()
    assert not Entry.objects.exists()


def test_totp_prints_codes_that_are_accepted(db, settings):
    run("create_agent", *AGENT)
    device = TotpDevice.objects.get()
    for _ in range(2):
        assert device.verify_token(run("totp", "ANA@desk.example").strip())
    with pytest.raises(CommandError):
        run("totp", "nobody@desk.example")
    settings.DESK_MODE = "production"
    with pytest.raises(CommandError):
        run("totp", "ana@desk.example")


def test_a_site_made_at_the_command_line_takes_identities(team):
    run(
        "create_site", "--key", "north", "--name", "North", "--origins", "https://North.example/,https://b.example",
        "--issuer", "north-login", "--identity-secret", SECRET,
    )  # fmt: skip
    site = site_by_key("north")
    assert site.origins == ["https://north.example", "https://b.example"]
    assert team in site.teams.all()
    now = timezone.now()
    said = {
        "iss": "north-login", "aud": "north", "sub": "7", "jti": "1",
        "iat": int(now.timestamp()), "exp": int(now.timestamp()) + 60,
    }  # fmt: skip
    assert verify_identity(token(said), site=site, now=now).subject == "7"
    run("create_site", "--key", "north", "--name", "Norden", "--origins", "https://c.example")
    assert (Site.objects.get(key="north").name, IssuerKey.objects.count()) == ("Norden", 1)
    assert not any(SECRET in str(entry.facts) for entry in Entry.objects.all())


@pytest.mark.parametrize(
    "wrong",
    [
        ["--key", "Bad Key"],
        ["--key", "x"],
        ["--origins", "https://a.example/path"],
        ["--origins", "http://a.example"],
        ["--origins", ""],
        ["--identity-secret", "short"],
    ],
)
def test_a_wrong_site_is_refused_whole(db, wrong):
    with pytest.raises(CommandError):
        run("create_site", "--key", "north", "--name", "North", "--origins", "https://a.example", *wrong)
    assert not Site.objects.exists()


def test_an_inactive_site_is_not_found(site):
    assert site_by_key("larkfield") == site
    Site.objects.update(is_active=False)
    assert site_by_key("larkfield") is None
    assert site_by_key("nowhere") is None


def test_the_newest_policy_counts_and_the_old_ones_stay(site, django_assert_num_queries):
    assert policy_value(site, "offer_seconds", 30) == 30
    for value in (20, 40):
        set_policy(site=site, name="offer_seconds", value=value, actor=None, origin=COMMAND_LINE)
    assert policy_value(site, "offer_seconds", 30) == 40
    assert SitePolicy.objects.count() == 2
    set_policy(site=site, name="limit.messages_per_minute", value=5, actor=None, origin=COMMAND_LINE)
    set_policy(site=site, name="limit.message_characters", value="many", actor=None, origin=COMMAND_LINE)
    with django_assert_num_queries(1):
        limits = limits_of(site)
    assert (limits["messages_per_minute"], limits["message_characters"]) == (5, 5000)


def test_presence_is_what_the_agent_says_and_a_fresh_sign_of_life(agent):
    profile = agent.user.agent
    assert list(Agent.objects.present()) == []
    changed = set_presence(agent=profile, presence=Presence.ONLINE)
    assert is_present(changed, timezone.now())
    assert list(Agent.objects.present()) == [profile]
    Agent.objects.update(heartbeat_at=Now() - timedelta(seconds=61))
    assert list(Agent.objects.present()) == []
    assert beat([profile.pk, 999_999]) == 1
    assert list(Agent.objects.present()) == [profile]
    since = Agent.objects.get().presence_changed_at
    set_presence(agent=profile, presence=Presence.ONLINE)
    assert Agent.objects.get().presence_changed_at == since
    set_presence(agent=profile, presence=Presence.AWAY)
    assert list(Agent.objects.present()) == []
    assert beat([]) == 0


def test_many_heartbeats_are_one_update(agent, django_assert_num_queries):
    with django_assert_num_queries(3):  # with the savepoint of this test's transaction
        assert beat([agent.user.pk]) == 1


def test_unknown_presence_and_unknown_people_are_refused(agent, person):
    with pytest.raises(Refused):
        set_presence(agent=agent.user.agent, presence="asleep")
    stranger = Agent.objects.create(user=person("none", role=None).user)
    with pytest.raises(NotAllowed):
        set_presence(agent=stranger, presence=Presence.ONLINE)
    assert set(Agent.objects.values_list("presence", flat=True)) == {Presence.OFF}

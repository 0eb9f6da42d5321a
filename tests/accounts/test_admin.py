"""The admin: who may open what, secrets that are never shown, changes that are recorded and count at once."""

import pytest
from django.test import Client

from accounts.choices import Algorithm, Role
from accounts.models import Agent, Customer, Grant, Issuer, IssuerKey, Site, SitePolicy, Team, TotpDevice, User
from core.audit.models import Entry
from tests.accounts.forgery import EC_KEY, SECRET, private_pem, public_pem

MODELS = ("user", "agent", "team", "site", "sitepolicy", "issuer", "issuerkey")


@pytest.fixture
def admin(client, person):
    """An administrator who is signed in."""
    someone = person("root", role=Role.ADMIN, is_staff=True)
    someone.sign_in(client)
    return someone


@pytest.fixture
def issuer(site):
    return Issuer.objects.create(site=site, name="login")


def events() -> list[str]:
    return list(Entry.objects.exclude(action="signed_in").order_by("sequence").values_list("action", flat=True))


def user_form(user: User, *grants: Grant | dict, **changes) -> dict:
    """What the browser sends for a person and their grants."""
    data = {
        "email": user.email,
        "display_name": user.display_name,
        "language": user.language,
        "time_zone": user.time_zone,
        "is_active": "on",
        "new_password": "",
        "grants-TOTAL_FORMS": str(len(grants)),
        "grants-INITIAL_FORMS": str(sum(isinstance(grant, Grant) for grant in grants)),
    } | changes
    for number, grant in enumerate(grants):
        row = {"id": grant.pk, "role": grant.role} if isinstance(grant, Grant) else grant
        data |= {f"grants-{number}-{name}": value for name, value in row.items()}
        data[f"grants-{number}-user"] = user.pk
    return data


def test_every_page_opens_for_an_administrator(client, admin, agent, issuer):
    IssuerKey.objects.create(issuer=issuer, algorithm=Algorithm.HS256, key=SECRET)
    SitePolicy.objects.create(site=issuer.site, name="x", value=1)
    assert client.get("/admin/").status_code == 200
    for model in MODELS:
        assert client.get(f"/admin/accounts/{model}/").status_code == 200, model
        assert client.get(f"/admin/accounts/{model}/add/").status_code == 200, model
    for row in (
        admin.user,
        agent.user.agent,
        Site.objects.get(),
        issuer,
        IssuerKey.objects.get(),
        SitePolicy.objects.get(),
    ):
        name = row._meta.model_name
        assert client.get(f"/admin/accounts/{name}/{row.pk}/change/").status_code == 200, name


def test_customers_and_their_words_are_not_in_the_admin(client, admin, site):
    Customer.objects.create(site=site, name="Wei")
    index = client.get("/admin/").content.decode()
    for word in ("customer", "message", "ticket", "totpdevice", "recovery"):
        assert f"/admin/accounts/{word}" not in index
        assert f"/admin/tickets/{word}" not in index
    assert client.get("/admin/accounts/customer/").status_code == 404


@pytest.mark.parametrize(("role", "sees"), [(Role.EDITOR, set()), (Role.ADMIN, set(MODELS))])
def test_roles_see_their_part(client, person, role, sees):
    person("someone", role=role, is_staff=True).sign_in(client)
    found = {model for model in MODELS if client.get(f"/admin/accounts/{model}/").status_code == 200}
    assert found == sees


def test_an_administrator_of_one_site_changes_nothing_of_all(client, person, site):
    local = person("local", role=None, is_staff=True)
    Grant.objects.create(user=local.user, role=Role.ADMIN, site=site)
    local.sign_in(client)
    assert client.get("/admin/").status_code == 200
    assert client.get("/admin/accounts/user/").status_code == 403
    assert client.get(f"/admin/accounts/site/{site.pk}/change/").status_code == 403


def test_a_key_goes_in_and_never_comes_out(client, admin, issuer):
    data = {"issuer": issuer.pk, "kid": "k1", "algorithm": "HS256", "is_active": "on"}
    assert client.post("/admin/accounts/issuerkey/add/", {**data, "new_key": "short"}).status_code == 200
    assert client.post("/admin/accounts/issuerkey/add/", data).status_code == 200
    assert not IssuerKey.objects.exists()
    assert client.post("/admin/accounts/issuerkey/add/", {**data, "new_key": SECRET}).status_code == 302
    key = IssuerKey.objects.get()
    assert key.key == SECRET
    path = f"/admin/accounts/issuerkey/{key.pk}/change/"
    pages = [client.get(path), client.get("/admin/accounts/issuerkey/"), client.get(path.replace("change", "history"))]
    assert not any(SECRET in page.content.decode() for page in pages)
    assert client.post(path, {**data, "kid": "k2"}).status_code == 302
    key.refresh_from_db()
    assert (key.kid, key.key) == ("k2", SECRET)
    for wrong in (public_pem(EC_KEY), private_pem(EC_KEY)):
        assert (
            client.post(path, {**data, "algorithm": "ES256", "new_key": wrong.replace("PUBLIC", "PRIVATE")}).status_code
            == 200
        )
    assert client.post(path, {**data, "algorithm": "ES256"}).status_code == 200
    key.refresh_from_db()
    assert key.algorithm == "HS256"
    assert events() == ["issuer_key_saved", "issuer_key_saved"]
    assert not any(SECRET in str(entry.facts) for entry in Entry.objects.all())
    assert client.post(path.replace("change", "delete"), {"post": "yes"}).status_code == 302
    assert not IssuerKey.objects.exists()
    assert events()[-1] == "issuer_key_saved"


def test_a_changed_grant_counts_at_once_and_is_recorded(client, admin, agent):
    theirs = Client()
    agent.sign_in(theirs)
    grant = agent.user.grants.get()
    path = f"/admin/accounts/user/{agent.user.pk}/change/"
    assert client.post(path, user_form(agent.user, grant, {"role": "lead"})).status_code == 302
    assert sorted(agent.user.grants.values_list("role", flat=True)) == ["agent", "lead"]
    assert theirs.get("/console/").status_code == 302
    entry = Entry.objects.get(action="grants_changed")
    assert (entry.actor_id, entry.object_id) == (str(admin.user.pk), str(agent.user.pk))
    assert entry.facts == {
        "before": ["agent site=* team=*"],
        "after": ["agent site=* team=*", "lead site=* team=*"],
    }


def test_saving_a_person_without_a_change_ends_no_session(client, admin, agent):
    theirs = Client()
    agent.sign_in(theirs)
    grant = agent.user.grants.get()
    client.post(f"/admin/accounts/user/{agent.user.pk}/change/", user_form(agent.user, grant, display_name="Tala R."))
    assert User.objects.get(pk=agent.user.pk).display_name == "Tala R."
    assert theirs.get("/console/").status_code == 200
    assert "grants_changed" not in events()


def test_nobody_gives_a_role_to_themselves(client, admin):
    path = f"/admin/accounts/user/{admin.user.pk}/change/"
    client.post(path, user_form(admin.user, admin.user.grants.get(), {"role": "lead"}, is_staff="on"))
    assert list(admin.user.grants.values_list("role", flat=True)) == ["admin"]


@pytest.mark.parametrize("changes", [{"is_active": ""}, {"new_password": "a brand new password"}])
def test_a_person_switched_off_or_given_a_new_password_is_signed_out(client, admin, agent, changes):
    theirs = Client()
    agent.sign_in(theirs)
    data = user_form(agent.user, agent.user.grants.get(), **changes)
    client.post(f"/admin/accounts/user/{agent.user.pk}/change/", {name: value for name, value in data.items() if value})
    assert theirs.get("/console/").status_code == 302


def agent_form(agent: Agent, *teams: Team, **changes) -> dict:
    """What the browser sends for an agent's profile."""
    return {
        "user": agent.pk,
        "teams": [team.pk for team in teams],
        "languages": "en",
        "skills": "",
        "capacity": "4",
    } | changes


def test_an_agent_who_leaves_a_team_is_signed_out(client, admin, agent, team):
    """A membership decides what an agent may read, and open sockets follow threads they were once allowed to."""
    other = Team.objects.create(name="Elsewhere")
    path = f"/admin/accounts/agent/{agent.user.pk}/change/"
    theirs = Client()
    agent.sign_in(theirs)
    assert client.post(path, agent_form(agent.user.agent, team, capacity="7")).status_code == 302
    assert (Agent.objects.get().capacity, theirs.get("/console/").status_code) == (7, 200)
    assert client.post(path, agent_form(agent.user.agent, other)).status_code == 302
    assert list(Agent.objects.get().teams.all()) == [other]
    assert theirs.get("/console/").status_code == 302


def test_an_agents_profile_stays_with_its_person(client, admin, agent, team):
    path = f"/admin/accounts/agent/{agent.user.pk}/change/"
    client.post(path, agent_form(agent.user.agent, team, user=admin.user.pk))
    assert [profile.pk for profile in Agent.objects.all()] == [agent.user.pk]


def test_a_new_person_gets_a_first_password_and_enrols(client, admin):
    nobody = User(email="new@desk.example", display_name="New")
    data = user_form(nobody, {"role": "agent"}) | {"grants-0-user": ""}
    assert client.post("/admin/accounts/user/add/", data).status_code == 200
    assert client.post("/admin/accounts/user/add/", {**data, "new_password": "short"}).status_code == 200
    assert not User.objects.filter(email="new@desk.example").exists()
    assert client.post("/admin/accounts/user/add/", {**data, "new_password": "a long password"}).status_code == 302
    newcomer = Client()
    answer = newcomer.post("/accounts/login/", {"username": "new@desk.example", "password": "a long password"})
    assert answer.url == "/accounts/enrol/"


def test_no_field_but_the_listed_ones_can_be_posted(client, admin, agent):
    data = user_form(agent.user, agent.user.grants.get(), is_superuser="on", session_epoch="99", password="x")
    client.post(f"/admin/accounts/user/{agent.user.pk}/change/", data)
    stored = User.objects.get(pk=agent.user.pk)
    assert (stored.is_superuser, stored.session_epoch, stored.password) == (False, 1, agent.user.password)


def test_a_lost_phone(client, admin, agent):
    both = {"action": "reset_second_factor", "_selected_action": [agent.user.pk, admin.user.pk]}
    client.post("/admin/accounts/user/", both)
    assert list(TotpDevice.objects.values_list("user", flat=True)) == [admin.user.pk]
    assert events() == ["second_factor_removed"]
    assert agent.enter_password(Client()).url == "/accounts/enrol/"


def test_origins_are_stored_in_their_one_form(client, admin, site):
    path = f"/admin/accounts/site/{site.pk}/change/"
    data = {
        "name": "Larkfield", "origins": "https://A.example/,https://b.example:443", "default_language": "en",
        "languages": "", "time_zone": "UTC", "theme": "{}", "is_active": "on", "key": "changed",
    }  # fmt: skip
    assert client.post(path, data).status_code == 302
    site.refresh_from_db()
    assert (site.origins, site.key) == (["https://a.example", "https://b.example"], "larkfield")
    refused = client.post(path, {**data, "origins": "https://*.example"})
    assert "https://*.example" in refused.content.decode()
    site.refresh_from_db()
    assert site.origins == ["https://a.example", "https://b.example"]


def test_a_policy_is_a_new_row_with_the_name_of_who_set_it(client, admin, site):
    data = {"site": site.pk, "name": "offer_seconds", "value": "20"}
    assert client.post("/admin/accounts/sitepolicy/add/", data).status_code == 302
    row = SitePolicy.objects.get()
    assert (row.value, row.changed_by) == (20, admin.user)
    client.post(f"/admin/accounts/sitepolicy/{row.pk}/change/", {**data, "value": "99"})
    row.refresh_from_db()
    assert row.value == 20


def test_people_and_sites_are_switched_off_not_deleted(client, admin, agent, site):
    for model, row in (("user", agent.user), ("site", site), ("agent", agent.user.agent)):
        assert client.post(f"/admin/accounts/{model}/{row.pk}/delete/", {"post": "yes"}).status_code == 403
    assert (User.objects.count(), Site.objects.count(), Agent.objects.count()) == (2, 1, 1)

"""The table of who may do what."""

import pytest
from django.contrib.auth.models import AnonymousUser

from accounts.choices import Role
from accounts.models import Agent, Grant, Team, User
from accounts.policy import (
    CAPABILITIES,
    KNOWN,
    PLACELESS,
    Grants,
    Held,
    Scope,
    can,
    can_somewhere,
    check_can,
    grants_of,
    scope_in,
    scope_of,
)
from core.errors import NotAllowed

S1, S2, T1, T2, T3 = 1, 2, 11, 12, 13


def held(role, site=None, team=None, member_of=()):
    return Grants((Held(role, site, team),), frozenset(member_of))


@pytest.mark.parametrize(
    ("role", "capability", "holds"),
    [
        (Role.AGENT, "ticket.read", True),
        (Role.AGENT, "ticket.reply", True),
        (Role.AGENT, "presence.set", True),
        (Role.AGENT, "ticket.reassign", False),
        (Role.AGENT, "site.configure", False),
        (Role.AGENT, "admin.open", False),
        (Role.AGENT, "people.manage", False),
        (Role.LEAD, "ticket.reassign", True),
        (Role.LEAD, "ticket.read", True),
        (Role.LEAD, "people.manage", False),
        (Role.LEAD, "admin.open", False),
        (Role.EDITOR, "article.edit", True),
        (Role.EDITOR, "admin.open", True),
        (Role.EDITOR, "ticket.read", False),
        (Role.EDITOR, "site.configure", False),
        (Role.ADMIN, "people.manage", True),
        (Role.ADMIN, "site.configure", True),
        (Role.ADMIN, "ticket.read", False),
        (Role.ADMIN, "ticket.reply", False),
        (Role.ADMIN, "customer.read", False),
    ],
)
def test_roles_hold_what_they_need_and_no_more(role, capability, holds):
    assert (capability in CAPABILITIES[role]) is holds


def test_every_role_opens_the_console_and_every_placeless_capability_exists():
    assert all("console.open" in CAPABILITIES[role] for role in Role.values)
    assert PLACELESS <= KNOWN


@pytest.mark.parametrize(
    ("grants", "capability", "scope"),
    [
        (Grants(), "ticket.read", Scope()),
        (held(Role.AGENT), "ticket.read", Scope()),
        (held(Role.AGENT, member_of=[T1, T2]), "ticket.read", Scope(teams=frozenset({T1, T2}))),
        (held(Role.AGENT, site=S1, member_of=[T1]), "ticket.read", Scope(teams_on_sites=frozenset({(S1, T1)}))),
        (held(Role.AGENT, team=T3, member_of=[T1]), "ticket.read", Scope(teams=frozenset({T3}))),
        (held(Role.AGENT, site=S1, team=T3), "ticket.read", Scope(teams_on_sites=frozenset({(S1, T3)}))),
        (held(Role.LEAD), "ticket.read", Scope(everywhere=True)),
        (held(Role.LEAD, site=S1), "ticket.read", Scope(sites=frozenset({S1}))),
        (held(Role.LEAD, team=T1), "ticket.reassign", Scope(teams=frozenset({T1}))),
        (held(Role.EDITOR), "ticket.read", Scope()),
        (held(Role.ADMIN, site=S1), "site.configure", Scope(sites=frozenset({S1}))),
        (held(Role.AGENT), "presence.set", Scope(everywhere=True)),
        (held("unheard-of"), "ticket.read", Scope()),
    ],
)
def test_a_grant_counts_where_it_says(grants, capability, scope):
    assert scope_in(grants, capability) == scope


@pytest.mark.parametrize(
    ("scope", "site", "team", "covered"),
    [
        (Scope(), S1, T1, False),
        (Scope(), None, None, False),
        (Scope(everywhere=True), None, None, True),
        (Scope(sites=frozenset({S1})), S1, T1, True),
        (Scope(sites=frozenset({S1})), S2, T1, False),
        (Scope(sites=frozenset({S1})), None, None, False),
        (Scope(teams=frozenset({T1})), S2, T1, True),
        (Scope(teams=frozenset({T1})), S2, None, False),
        (Scope(teams_on_sites=frozenset({(S1, T1)})), S1, T1, True),
        (Scope(teams_on_sites=frozenset({(S1, T1)})), S1, T2, False),
        (Scope(teams_on_sites=frozenset({(S1, T1)})), S2, T1, False),
    ],
)
def test_a_scope_covers_what_lies_inside(scope, site, team, covered):
    assert scope.covers(site, team) is covered


def test_a_scope_as_a_query_finds_the_same_rows(site, other_site, team, person):
    user = person("a", role=None, enrolled=False).user
    rows = [
        Grant.objects.create(user=user, role=Role.LEAD, site=place, team=part)
        for place in (site, other_site)
        for part in (team, None)
    ]
    for scope in (
        Scope(),
        Scope(everywhere=True),
        Scope(sites=frozenset({site.pk})),
        Scope(teams=frozenset({team.pk})),
        Scope(teams_on_sites=frozenset({(other_site.pk, team.pk)})),
    ):
        found = set(Grant.objects.filter(scope.as_query()))
        assert found == {row for row in rows if scope.covers(row.site_id, row.team_id)}


def test_an_agent_reads_the_tickets_of_their_own_teams(agent, site, team):
    other = Team.objects.create(name="Other")
    assert can(agent.user, "ticket.read", site=site, team=team)
    assert can(agent.user.agent, "ticket.read", team=team.pk)
    assert not can(agent.user, "ticket.read", site=site, team=other)
    assert not can(agent.user, "ticket.read", site=site)
    assert not can(agent.user, "ticket.read")
    assert can_somewhere(agent.user, "ticket.read")


def test_without_a_place_only_a_grant_for_everywhere_is_enough(person, site):
    limited = person("limited", role=None).user
    Grant.objects.create(user=limited, role=Role.ADMIN, site=site)
    assert not can(limited, "people.manage")
    assert can(limited, "people.manage", site=site)
    assert can(limited, "admin.open")
    assert can(person("admin", role=Role.ADMIN).user, "people.manage")


def test_grants_add_up_and_are_read_once(person, site, team, django_assert_num_queries):
    user = person("both", role=Role.EDITOR).user
    Grant.objects.create(user=user, role=Role.LEAD, site=site)
    Agent.objects.create(user=user).teams.add(team)
    with django_assert_num_queries(1):
        assert grants_of(user).member_of == {team.pk}
        assert can(user, "ticket.read", site=site)
        assert can(user, "article.edit")
        assert scope_of(user, "ticket.read") == Scope(sites=frozenset({site.pk}))


def test_nobody_can_do_nothing(person):
    gone = person("gone", role=Role.LEAD, is_active=False).user
    for somebody in (AnonymousUser(), gone):
        assert not can(somebody, "console.open")
        assert scope_of(somebody, "ticket.read").is_empty
    with pytest.raises(NotAllowed) as refused:
        check_can(gone, "ticket.read")
    assert refused.value.code == "not_allowed"


def test_a_superuser_configures_and_reads_no_messages(db):
    root = User.objects.create_superuser("root@desk.example", "x" * 20, display_name="Root")
    assert can(root, "people.manage")
    assert can(root, "article.edit")
    assert not can(root, "ticket.read")


def test_a_misspelt_capability_is_an_error(agent):
    with pytest.raises(KeyError):
        can(agent.user, "ticket.raed")

"""Who gets which waiting ticket."""

from datetime import UTC, datetime, timedelta

import pytest

from accounts.models import DataKey
from tests.cast import make_agent, make_browser
from tickets.models import Ticket
from tickets.routing.assignment import drain_queue
from tickets.routing.rules import AgentLoad, Waiting, choose_agent
from tickets.routing.tasks import drain_for_agents, sweep_queues

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def load(agent_id, languages=("en",), capacity=4, held=0, idle_minutes=0):
    return AgentLoad(agent_id, languages, capacity, held, NOON - timedelta(minutes=idle_minutes))


@pytest.mark.parametrize(
    ("agents", "expected"),
    [
        ([], None),
        ([load(1, capacity=1, held=1)], None),
        ([load(1, held=1), load(2)], 2),
        ([load(1, idle_minutes=1), load(2, idle_minutes=9)], 2),
        ([load(1), load(2, languages=("zh-hans",), held=3)], 2),
        ([load(1), load(2, languages=("zh-hans",), held=4)], 1),
        ([load(1, held=2, capacity=8), load(2, held=1, capacity=2)], 1),
        ([load(2), load(1)], 1),
    ],
    ids=["nobody", "full", "least loaded", "longest idle", "language first", "language full", "share", "stable"],
)
def test_the_best_agent_is_chosen(agents, expected):
    chosen = choose_agent(Waiting("zh-hans"), agents)
    assert (chosen.agent_id if chosen else None) == expected


def test_an_account_manager_comes_first():
    chosen = choose_agent(Waiting("en", account_manager_id=2), [load(1), load(2, languages=(), held=3)])
    assert chosen.agent_id == 2


@pytest.mark.django_db
def test_the_oldest_is_served_first_up_to_capacity(site):
    agent = make_agent("owner@desk.example", capacity=2)
    browsers = [make_browser(site) for _ in range(3)]
    for browser in browsers:
        browser.asks_for_human()
    team = browsers[0].ticket().team_id
    assert drain_queue(team_id=team) == 2
    assert [browser.ticket().assignee for browser in browsers] == [agent, agent, None]
    assert [browser.ticket().status for browser in browsers] == ["assigned", "assigned", "queued"]
    assert drain_queue(team_id=team) == 0


@pytest.mark.django_db
def test_nobody_who_is_away_or_silent_gets_a_ticket(site):
    silent = make_agent("owner@desk.example")
    type(silent).objects.update(heartbeat_at=None)
    make_agent("away@desk.example", present=False)
    browser = make_browser(site)
    browser.asks_for_human()
    assert drain_queue(team_id=browser.ticket().team_id) == 0
    assert browser.ticket().status == "queued"


@pytest.mark.django_db
def test_the_choice_is_explained_in_the_thread_and_rings(site, published):
    agent = make_agent("owner@desk.example")
    browser = make_browser(site)
    browser.asks_for_human()
    published.clear()
    drain_queue(team_id=browser.ticket().team_id)
    row = browser.ticket().messages.get(seq=2)
    assert (row.activity, row.public_seq) == ("assigned", 2)
    assert row.data["why"] == {"rule": "least_loaded", "held": 0, "capacity": 4}
    assert f"a:{agent.pk}" in published.groups()


@pytest.mark.django_db
def test_an_agent_of_another_team_gets_nothing(site):
    make_agent("outsider@desk.example", team="Elsewhere")
    browser = make_browser(site)
    browser.asks_for_human()
    assert sweep_queues() == 0


@pytest.mark.django_db
def test_who_comes_on_shift_is_served_at_once(site):
    browser = make_browser(site)
    browser.asks_for_human()
    agent = make_agent("owner@desk.example")
    drain_for_agents([agent.pk])
    assert browser.ticket().assignee == agent


@pytest.mark.django_db
def test_the_reason_never_reaches_the_customer(site):
    from tickets.rendering import public_frame
    from tickets.selectors import public_thread_of

    make_agent("owner@desk.example", name="Ana")
    browser = make_browser(site)
    browser.asks_for_human()
    sweep_queues()
    frames = [public_frame(entry) for entry in public_thread_of(browser.ticket(), after=0)]
    assert [frame["status"] for frame in frames] == ["queued", "assigned"]
    assert frames[1]["agent"] == {"name": "Ana"}
    assert "why" not in str(frames)
    assert Ticket.objects.count() == 1


@pytest.mark.django_db
def test_a_ticket_that_does_not_open_does_not_stop_those_behind_it(site, owner):
    broken, fine = make_browser(site), make_browser(site)
    for browser in (broken, fine):
        browser.asks_for_human()
    DataKey.objects.filter(customer=broken.customer).update(wrapped=b"not a key")
    assert drain_queue(team_id=fine.ticket().team_id) == 1
    assert (fine.ticket().status, broken.ticket().status) == ("assigned", "queued")

import json

import pytest
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import RequestFactory

from core import health
from core.hub import _hub
from core.redis_clients import _client
from core.watching import lobby

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh_process():
    for value in (health._migrated, _client, _hub):
        value.forget()
    yield
    for value in (health._migrated, _client, _hub):
        value.forget()


def ready():
    response = health.ready(RequestFactory().get("/healthz/ready"))
    return response.status_code, json.loads(response.content)


def test_a_process_that_answers_is_alive():
    response = health.live(RequestFactory().get("/healthz/live"))
    assert (response.status_code, json.loads(response.content)) == (200, {"status": "live"})


def test_ready_needs_the_database_and_its_schema():
    assert ready() == (200, {"status": "ready", "degraded": []})


def test_without_redis_the_desk_works_and_says_so(settings, tmp_path):
    settings.REDIS_URL = f"unix://{tmp_path}/none.sock?db=0"
    assert ready() == (200, {"status": "ready", "degraded": ["redis"]})


def test_a_schema_that_is_behind_is_not_ready():
    name, newest = MigrationRecorder.Migration.objects.order_by("-id").values_list("app", "name").first()
    MigrationRecorder(connection).record_unapplied(name, newest)
    assert ready() == (503, {"status": "not_ready", "reason": "migrations"})


def test_an_ending_process_is_not_ready(monkeypatch):
    monkeypatch.setattr(lobby, "draining", True)
    assert ready() == (503, {"status": "not_ready", "reason": "draining"})

"""Unsafe configurations are refused by name; a safe one starts."""

import base64
import hashlib
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.conf import settings as real_settings
from django.core.management import call_command
from django.core.management.base import SystemCheckError

from core.checks import FACT_RULES, SECOND_FACTOR, SETTING_RULES, problems_of_facts, problems_of_settings
from core.facts import Facts, frame_limits, gather_facts, redis_facts
from support_desk.embedded.guard import PROJECT
from support_desk.embedded.ports import free_port


def key(seed: str) -> str:
    """32 bytes that look random, in base64."""
    return base64.b64encode(hashlib.sha256(seed.encode()).digest()).decode()


SAFE = {
    "DEBUG": False,
    "SECRET_KEY": hashlib.sha512(b"secret").hexdigest(),
    "FIELD_KEYS": [key("new"), key("old")],
    "AUDIT_KEY": key("audit"),
    "ALLOWED_HOSTS": ["help.example.com"],
    "PUBLIC_URL": "https://help.example.com",
    "SECURE_PROXY_SSL_HEADER": ("HTTP_X_FORWARDED_PROTO", "https"),
    "SECURE_SSL_REDIRECT": False,
    "SECURE_HSTS_SECONDS": 31_536_000,
    "SESSION_COOKIE_SECURE": True,
    "CSRF_COOKIE_SECURE": True,
    "LANGUAGE_COOKIE_SECURE": True,
    "SESSION_COOKIE_HTTPONLY": True,
    "SESSION_COOKIE_SAMESITE": "Lax",
    "CSRF_COOKIE_SAMESITE": "Lax",
    "CELERY_ACCEPT_CONTENT": ["json"],
    "CELERY_TASK_SERIALIZER": "json",
    "MIDDLEWARE": list(SECOND_FACTOR),
    "MEDIA_ROOT": Path("/data/media"),
    "STATIC_ROOT": Path("/data/static"),
}
SAFE_FACTS = Facts(
    versions={"Django": "5.2.19", "daphne": "4.2.3"},
    frame_limits=(65_536, 65_536),
    redis_policy="noeviction",
    redis_open=False,
    database_settings={"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"},
    role_is_superuser=False,
    audit_rights=(),
    pending_migrations=(),
    clock_apart=0.01,
)


def test_a_safe_configuration_has_no_problem():
    assert list(problems_of_settings(SimpleNamespace(**SAFE))) == []
    assert list(problems_of_facts(SAFE_FACTS)) == []


@pytest.mark.parametrize(
    ("code", "change"),
    [
        ("debug", {"DEBUG": True}),
        ("secret_key", {"SECRET_KEY": "short"}),
        ("secret_key", {"SECRET_KEY": "django-insecure-" + hashlib.sha512(b"x").hexdigest()}),
        ("secret_key", {"SECRET_KEY": "not-for-production-" + "x" * 40}),
        ("secret_key", {"SECRET_KEY": "ab" * 40}),
        ("keys", {"FIELD_KEYS": []}),
        ("keys", {"AUDIT_KEY": ""}),
        ("keys", {"AUDIT_KEY": base64.b64encode(bytes(32)).decode()}),
        ("keys", {"FIELD_KEYS": [base64.b64encode(bytes(range(32))).decode()]}),
        ("keys", {"FIELD_KEYS": [key("new")[:20]]}),
        ("keys", {"AUDIT_KEY": key("new")}),
        ("keys", {"SECRET_KEY": key("audit") + key("audit"), "AUDIT_KEY": key("audit") + key("audit")}),
        ("allowed_hosts", {"ALLOWED_HOSTS": ["*"]}),
        ("allowed_hosts", {"ALLOWED_HOSTS": []}),
        ("tls", {"SECURE_PROXY_SSL_HEADER": None}),
        ("tls", {"PUBLIC_URL": "http://help.example.com"}),
        ("tls", {"SECURE_HSTS_SECONDS": 0}),
        ("cookies", {"SESSION_COOKIE_SECURE": False}),
        ("cookies", {"CSRF_COOKIE_SECURE": False}),
        ("cookies", {"SESSION_COOKIE_HTTPONLY": False}),
        ("cookies", {"SESSION_COOKIE_SAMESITE": "None"}),
        ("pickle", {"CELERY_ACCEPT_CONTENT": ["json", "pickle"]}),
        ("pickle", {"CELERY_TASK_SERIALIZER": "pickle"}),
        ("second_factor", {"MIDDLEWARE": [SECOND_FACTOR[0]]}),
        ("media", {"MEDIA_ROOT": Path("/data/static/media")}),
        ("media", {"MEDIA_ROOT": Path("/data/static/../static")}),
    ],
)
def test_each_unsafe_setting_is_named_and_nothing_else(code, change):
    found = list(problems_of_settings(SimpleNamespace(**SAFE | change)))
    assert [problem.code for problem in found] == [code]
    assert found[0].sentence.endswith(".")


@pytest.mark.parametrize(
    ("code", "change"),
    [
        ("versions", {"versions": {"Django": "5.2.18", "daphne": "4.2.3"}}),
        ("versions", {"versions": {"Django": "5.2.19", "daphne": "4.2.1"}}),
        ("frame_limit", {"frame_limits": (0, 65_536)}),
        ("frame_limit", {"frame_limits": (65_536, 1_048_576)}),
        ("redis", {"redis_policy": "allkeys-lru"}),
        ("redis", {"redis_open": True}),
        ("durability", {"database_settings": SAFE_FACTS.database_settings | {"fsync": "off"}}),
        ("durability", {"database_settings": SAFE_FACTS.database_settings | {"synchronous_commit": "off"}}),
        ("durability", {"database_settings": SAFE_FACTS.database_settings | {"full_page_writes": "off"}}),
        ("app_role", {"role_is_superuser": True}),
        ("app_role", {"audit_rights": ("UPDATE",)}),
        ("migrations", {"pending_migrations": ("tickets.0002_more",)}),
        ("clock", {"clock_apart": 5.1}),
        ("clock", {"clock_apart": -5.1}),
    ],
)
def test_each_unsafe_fact_is_named_and_nothing_else(code, change):
    found = list(problems_of_facts(replace(SAFE_FACTS, **change)))
    assert [problem.code for problem in found] == [code]
    assert found[0].sentence.endswith((".", ")."))


def test_a_clock_a_little_apart_is_no_reason_to_refuse():
    assert list(problems_of_facts(replace(SAFE_FACTS, clock_apart=4.9))) == []


def test_every_problem_is_named_at_once():
    everything = SimpleNamespace(**SAFE | {"DEBUG": True, "ALLOWED_HOSTS": ["*"], "CELERY_ACCEPT_CONTENT": ["pickle"]})
    assert [problem.code for problem in problems_of_settings(everything)] == ["debug", "allowed_hosts", "pickle"]


def test_there_is_a_rule_for_each_of_the_unsafe_configurations():
    assert len(SETTING_RULES) + len(FACT_RULES) == 16


@pytest.mark.parametrize(
    ("command", "limits"),
    [
        (["/x/celery", "worker"], ()),
        (["/x/daphne", "app"], (1_048_576, 1_048_576)),
        (
            ["/x/daphne/__main__.py", "--websocket-max-message-size", "65536", "--websocket-max-frame-size=0", "app"],
            (65_536, 0),
        ),
    ],
)
def test_limits_are_read_from_the_command_line(command, limits):
    assert frame_limits(command) == limits


def test_a_redis_that_is_away_is_not_called_unsafe():
    assert redis_facts(f"redis://127.0.0.1:{free_port()}/0") == ("", False)


@pytest.mark.django_db
def test_the_facts_of_the_test_servers_are_safe(servers):
    facts, why = gather_facts()
    assert why == ""
    assert list(problems_of_facts(facts)) == []
    assert facts.redis_policy == "noeviction"


def production(servers, **changes: str) -> dict[str, str]:
    """The environment of a safe production process on the test database."""
    safe = {
        "PATH": os.environ["PATH"],
        "DJANGO_SETTINGS_MODULE": "support_desk.settings",
        "DESK_MODE": "production",
        "DATA_DIR": str(servers.directory / servers.worker),
        "DATABASE_URL": servers.app_url,
        "REDIS_URL": servers.redis_url,
        "SECRET_KEY": SAFE["SECRET_KEY"],
        "FIELD_KEYS": ",".join(SAFE["FIELD_KEYS"]),
        "AUDIT_KEY": SAFE["AUDIT_KEY"],
        "ALLOWED_HOSTS": "help.example.com",
        "PUBLIC_URL": "https://help.example.com",
        "TRUSTED_PROXIES": "1",
    }
    return safe | changes


def start(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Load the application as a web process of production does, and end."""
    return subprocess.run(
        [sys.executable, "-c", "import support_desk.asgi"],
        cwd=PROJECT, env=environment, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


@pytest.mark.usefixtures("committed_db")
def test_a_safe_process_of_production_starts(servers):
    done = start(production(servers))
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


@pytest.mark.usefixtures("committed_db")
def test_an_unsafe_process_of_production_ends_and_names_everything(servers):
    done = start(
        production(servers, ALLOWED_HOSTS="*", PUBLIC_URL="http://help.example.com", DATABASE_URL=servers.superuser_url)
    )
    named = [line.split(":")[0].strip(" -") for line in done.stderr.splitlines() if line.startswith("  - ")]
    assert done.returncode == 1
    assert named == ["allowed_hosts", "tls", "cookies", "app_role"]


@pytest.mark.usefixtures("committed_db")
def test_what_production_needs_has_no_default(servers):
    for name in ("SECRET_KEY", "FIELD_KEYS", "AUDIT_KEY", "DATABASE_URL", "REDIS_URL", "ALLOWED_HOSTS"):
        environment = production(servers)
        del environment[name]
        done = start(environment)
        assert (done.returncode, name in done.stderr) == (1, True)


@pytest.mark.django_db
def test_the_deployment_check_tells_the_same(servers):
    with pytest.raises(SystemCheckError, match=r"desk\.tls"):
        call_command("check", deploy=True)
    assert real_settings.TESTING is True

"""The compose file is valid, keeps its secrets in files, and starts nothing that is not told everything it needs."""

import os
import re
import subprocess

import pytest
from ruamel.yaml import YAML

from tests.packaging.tools import DEPLOY, ROOT, program

COMPOSE = ROOT / "docker-compose.yml"
NEEDED = {
    "ALLOWED_HOSTS": "help.example.com,www.example.com",
    "PUBLIC_URL": "https://help.example.com",
    "TLS_DIR": "/tls",
    "SECRETS_DIR": "/secrets",
}
OURS = ("web", "ws", "worker", "beat", "migrate")


def resolved(environment):
    return subprocess.run(
        [program("docker-compose"), "--file", COMPOSE, "config"],
        env={"PATH": os.environ["PATH"], "HOME": "/nonexistent", **environment},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def written():
    return YAML(typ="safe").load(COMPOSE.read_text())


@pytest.fixture(scope="module")
def config():
    answer = resolved(NEEDED)
    assert answer.returncode == 0, answer.stderr
    return YAML(typ="safe").load(answer.stdout)


def test_the_file_keeps_the_schema():
    checked = subprocess.run(
        [program("check-jsonschema"), "--builtin-schema", "vendor.compose-spec", COMPOSE],
        capture_output=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout


@pytest.mark.parametrize("missing", NEEDED)
def test_a_missing_value_is_named_and_nothing_starts(missing):
    answer = resolved({name: value for name, value in NEEDED.items() if name != missing})
    assert answer.returncode != 0
    assert missing in answer.stderr


def test_the_example_names_every_needed_value():
    example = (ROOT / ".env.example").read_text()
    assert set(re.findall(r"\$\{(\w+):\?", COMPOSE.read_text())) == set(NEEDED)
    assert set(re.findall(r"^(\w+)=", example, re.MULTILINE)) >= set(NEEDED)
    assert set(re.findall(r"\$\{(\w+)", COMPOSE.read_text())) == set(re.findall(r"^#?(\w+)=", example, re.MULTILINE))


def test_the_services_are_those_of_the_desk(written):
    assert set(written["services"]) == {"nginx", "web", "ws", "worker", "beat", "migrate", "postgres", "redis"}


def test_pages_and_sockets_run_the_same_program(written):
    web, ws = written["services"]["web"], written["services"]["ws"]
    assert web == ws
    assert "command" not in web


def test_only_the_front_door_has_ports(config):
    assert [name for name, service in config["services"].items() if service.get("ports")] == ["nginx"]


def test_the_database_and_redis_reach_nothing_outside(config):
    assert config["networks"]["inside"]["internal"] is True
    for name in ("postgres", "redis", "migrate"):
        assert set(config["services"][name]["networks"]) == {"inside"}


def test_no_secret_stands_in_an_environment(config):
    secret = re.compile(r"KEY|PASSWORD|TOKEN|DATABASE_URL|REDIS_URL")
    for service in config["services"].values():
        for name, value in service.get("environment", {}).items():
            if secret.search(name):
                assert name.endswith("_FILE")
                assert value.startswith("/run/secrets/")
                assert value.removeprefix("/run/secrets/") in {each["source"] for each in service["secrets"]}


def test_the_owner_of_the_tables_only_migrates(config):
    holders = {
        name
        for name, service in config["services"].items()
        if "owner_database_url" in {each["source"] for each in service.get("secrets", [])}
    }
    assert holders == {"migrate"}
    assert config["services"]["migrate"]["environment"]["DATABASE_ROLE"] == "owner"


def test_the_settings_know_every_variable(config):
    settings = (ROOT / "support_desk" / "settings.py").read_text()
    for name in OURS:
        for variable in config["services"][name]["environment"]:
            assert f'"{variable.removesuffix("_FILE")}"' in settings, variable


def test_every_secret_is_made_by_the_script(config):
    made = set(re.findall(r"^keep (\w+)", (DEPLOY / "make-secrets.sh").read_text(), re.MULTILINE))
    assert set(config["secrets"]) == made


def test_every_service_is_watched_and_confined(config):
    for name, service in config["services"].items():
        assert "healthcheck" in service, name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        if name != "postgres":
            assert service["cap_drop"] == ["ALL"], name
            assert service["read_only"] is True, name


def test_images_have_fixed_versions(config):
    for name in ("nginx", "postgres", "redis"):
        assert re.search(r":[^:]*\d+\.\d+", config["services"][name]["image"]), name


def test_the_database_keeps_what_it_acknowledged(config):
    command = config["services"]["postgres"]["command"]
    assert {"-csynchronous_commit=on", "-cfsync=on", "-cfull_page_writes=on"} <= set(command)

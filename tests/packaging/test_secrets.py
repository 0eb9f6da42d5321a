"""The script that makes the secrets of the compose file, and the settings that read them."""

import base64
import json
import os
import stat
import subprocess
import sys

import pytest
from ruamel.yaml import YAML

from tests.packaging.tools import DEPLOY, ROOT, program

SCRIPT = DEPLOY / "make-secrets.sh"


def made(folder):
    subprocess.run([program("sh"), SCRIPT, folder], check=True, capture_output=True)
    return {path.name: path.read_text() for path in folder.iterdir()}


def test_every_secret_is_fresh_and_of_its_form(tmp_path):
    values, others = made(tmp_path / "a"), made(tmp_path / "b")
    assert [name for name in values if values[name] == others[name]] == []
    for name in ("field_keys", "audit_key"):
        assert len(base64.b64decode(values[name], validate=True)) == 32
    assert len(values["secret_key"]) == 64
    assert values["database_url"] == f"postgres://desk_app:{values['postgres_app_password']}@postgres:5432/desk"
    assert (
        values["owner_database_url"] == f"postgres://desk_owner:{values['postgres_owner_password']}@postgres:5432/desk"
    )
    assert values["redis_url"] == f"redis://:{values['redis_password']}@redis:6379/0"


def test_what_is_there_stays(tmp_path):
    first = made(tmp_path / "a")
    (tmp_path / "a" / "metrics_token").unlink()
    second = made(tmp_path / "a")
    assert second.pop("metrics_token") != first.pop("metrics_token")
    assert second == first


def test_the_folder_is_closed_to_others(tmp_path):
    made(tmp_path / "a")
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "a").iterdir()} == {0o444}


def test_no_folder_no_secrets(tmp_path):
    answer = subprocess.run([program("sh"), SCRIPT], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert answer.returncode != 0
    assert "name the folder" in answer.stderr
    assert list(tmp_path.iterdir()) == []


READ = """
import json
import django
django.setup()
from django.conf import settings
from core.checks import problems_of_settings
database = settings.DATABASES["default"]
print(json.dumps({
    "problems": [problem.code for problem in problems_of_settings(settings)],
    "database": [database["USER"], database["PASSWORD"], database["HOST"], str(database["PORT"]), database["NAME"]],
    "redis": settings.REDIS_URL,
    "token": settings.METRICS_TOKEN,
}))
"""


def read_by_settings(service, folder):
    """What production's settings make of a service's environment, its secrets lying in a folder."""
    given = YAML(typ="safe").load((ROOT / "docker-compose.yml").read_text())["services"][service]["environment"]
    chosen = {"ALLOWED_HOSTS": "help.example.com", "PUBLIC_URL": "https://help.example.com", "DATABASE_POOL": "12"}
    environment = {
        name: chosen.get(name, str(value).replace("/run/secrets", str(folder))) for name, value in given.items()
    }
    done = subprocess.run(
        [sys.executable, "-c", READ],
        env={"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "support_desk.settings", **environment},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("ending", ["", "\n"])
@pytest.mark.parametrize(("service", "role"), [("web", "app"), ("migrate", "owner")])
def test_production_reads_them_and_finds_nothing_unsafe(tmp_path, service, role, ending):
    values = made(tmp_path / "a")
    for path in (tmp_path / "a").iterdir():
        path.chmod(0o600)
        path.write_text(values[path.name] + ending)
    assert read_by_settings(service, tmp_path / "a") == {
        "problems": [],
        "database": [f"desk_{role}", values[f"postgres_{role}_password"], "postgres", "5432", "desk"],
        "redis": values["redis_url"],
        "token": values["metrics_token"],
    }

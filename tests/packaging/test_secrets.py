"""The script that makes the secrets of the compose file."""

import base64
import stat
import subprocess

from tests.packaging.tools import DEPLOY, program

SCRIPT = DEPLOY / "make-secrets.sh"


def made(folder):
    subprocess.run([program("sh"), SCRIPT, folder], check=True, capture_output=True)
    return {path.name: path.read_text().rstrip("\n") for path in folder.iterdir()}


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

"""What the image runs, and what stays out of it. There is no engine here to build it: its commands are run instead."""

import json
import os
import re
import shlex
import subprocess
import sys

import pytest
from daphne.cli import CommandLineInterface
from ruamel.yaml import YAML

from support_desk.embedded.services import SERVICES
from tests.packaging.tools import ROOT

DOCKERFILE = (ROOT / "Dockerfile").read_text()
JOINED = re.sub(r"\\\n\s*", "", DOCKERFILE)


def test_the_server_takes_its_arguments_and_limits_frames():
    program, *arguments = json.loads(re.search(r"^CMD (\[.*\])$", JOINED, re.MULTILINE).group(1))
    parsed = CommandLineInterface().parser.parse_args(arguments)
    assert program == "daphne"
    assert parsed.application == "support_desk.asgi:application"
    assert (parsed.websocket_max_frame_size, parsed.websocket_max_message_size) == (65_536, 65_536)


def test_the_image_runs_what_the_launcher_runs():
    _daphne, *arguments = json.loads(re.search(r"^CMD (\[.*\])$", JOINED, re.MULTILINE).group(1))
    services = {service.name: service.command for service in SERVICES}
    assert arguments[:-5] == list(services["web"][3:])
    written = YAML(typ="safe").load((ROOT / "docker-compose.yml").read_text())["services"]
    for name in ("worker", "beat"):
        assert written[name]["command"][1:] == list(services[name][3:])


def test_the_image_runs_as_nobody_special():
    last_stage = DOCKERFILE.split("\nFROM ")[-1]
    assert re.search(r"^USER desk$", last_stage, re.MULTILINE)
    assert "--require-hashes" in DOCKERFILE
    assert re.findall(r"^(?:ENV|ARG).*(?:KEY|PASSWORD|TOKEN)", DOCKERFILE, re.MULTILINE) == []


@pytest.mark.parametrize("kept_out", [".*", "var", "tests", "secrets", "bench"])
def test_what_must_not_leave_this_machine_stays_out(kept_out):
    assert kept_out in (ROOT / ".dockerignore").read_text().splitlines()


@pytest.mark.slow
def test_static_files_are_collected_by_the_image_s_own_command(tmp_path):
    line = next(line for line in JOINED.splitlines() if "collectstatic" in line)
    words = shlex.split(line.removeprefix("RUN "))
    given = dict(word.split("=", 1) for word in words if re.match(r"[A-Z_]+=", word))
    command = [word for word in words if not re.match(r"[A-Z_]+=", word)]
    done = subprocess.run(
        [sys.executable, *command[1:]],
        env={"PATH": os.environ["PATH"], "DESK_MODE": "production", "DATA_DIR": str(tmp_path), **given},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "static" / "staticfiles.json").is_file()

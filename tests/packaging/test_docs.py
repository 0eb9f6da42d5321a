"""What the documents say exists, exists: commands, settings, files, make targets, frames."""

import re
from pathlib import Path

import pytest
from django.core.management import get_commands

from chat.sockets import CustomerSocket
from console.sockets import AgentSocket
from tests.packaging.tools import ROOT

DOCUMENTS = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")])
LINK = re.compile(r"\]\((?!https?:|#)([^)#]+)")
PATHS = re.compile(r"`((?:core|accounts|tickets|chat|console|support_desk|tests|docs)/[\w./-]+)`")


def name_of(path):
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_links_and_paths_lead_somewhere(document):
    text = document.read_text()
    linked = [document.parent / target for target in LINK.findall(text)]
    named = [ROOT / target for target in PATHS.findall(text)]
    assert [str(path) for path in linked + named if not path.exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_commands_can_be_run(document):
    text = document.read_text()
    assert sorted(set(re.findall(r"python manage\.py (\w+)", text)) - set(get_commands())) == []
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert sorted(set(re.findall(r"`?make (run|test|check|bench|clean|lock|help|install)\b", text)) - targets) == []


def test_every_setting_is_told():
    settings = (ROOT / "support_desk" / "settings.py").read_text()
    launcher = (ROOT / "support_desk" / "embedded" / "launcher.py").read_text()
    read = set(re.findall(r'(?:env\.\w+|_needed)\(\s*"(\w+)"', settings)) | set(
        re.findall(r'environ\.get\("(\w+)"', launcher)
    )
    table = (ROOT / "docs" / "operations.md").read_text().split("## Settings")[1].split("\n## ")[0]
    told = {name for row in re.findall(r"^\| (`.*?) \|", table, re.MULTILINE) for name in re.findall(r"`(\w+)`", row)}
    assert told == read


@pytest.mark.parametrize(("heading", "socket"), [("Customer socket", CustomerSocket), ("Agent socket", AgentSocket)])
def test_every_frame_from_browsers_is_told(heading, socket):
    text = (ROOT / "docs" / "protocol.md").read_text().split(f"## {heading}")[1].split("\n## ")[0]
    rows = re.findall(r"^\| ((?:`[\w.]+`[ ,]*)+) \|", text, re.MULTILINE)
    told = {name for row in rows for name in re.findall(r"`([\w.]+)`", row)}
    assert {"got", "resume", "ping", *socket.accepts} <= told


def test_the_licence_is_the_one_the_project_names():
    text = Path(ROOT / "LICENSE").read_text()
    assert "Apache License" in text
    assert "END OF TERMS AND CONDITIONS" in text
    assert 'license = "Apache-2.0"' in (ROOT / "pyproject.toml").read_text()

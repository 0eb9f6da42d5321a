"""Imports go down: between the apps by the floors of pyproject.toml, inside an app by the order of its modules."""

import ast
import os
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.source import ROOT, Module, broken, holds_for

# Lower numbers are lower floors of an app; what is not named here stands outside the order.
RANKS = {
    "choices": 0,
    "querysets": 1,
    "models": 2,
    "events": 3,
    "rules": 3,
    "frames": 3,
    "selectors": 4,
    "actions": 5,
    "forms": 6,
    "views": 7,
    "sockets": 7,
    "tasks": 7,
    "admin": 7,
    "management": 7,
    "urls": 8,
    "ws_urls": 8,
}


def broken_floors(config: Path, folder: Path = ROOT) -> str:
    """What import-linter says of a configuration file's contracts; nothing if all are kept.

    A process of its own: it imports the packages by name, and what other tests have imported is not its business.
    """
    program = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [program, "--config", config, "--no-cache"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    return "" if done.returncode == 0 else done.stdout + done.stderr


def upward_imports(module: Module) -> Iterator[str]:
    app, own = _place(module.path.removesuffix(".py").replace("/", "."))
    if own is None or module.is_migration:
        return
    for_types_only = set(_for_types_only(module.tree))
    for node in ast.walk(module.tree):
        for target in _targets(node) if node not in for_types_only else ():
            other_app, other = _place(target)
            if other_app == app and other is not None and RANKS[other] > RANKS[own]:
                yield f"line {node.lineno}: {own} imports {other}"  # type: ignore[attr-defined]


def _for_types_only(tree: ast.Module) -> Iterator[ast.AST]:
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            yield from node.body


def _targets(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [name.name for name in node.names]
    if isinstance(node, ast.ImportFrom) and node.module:
        return [node.module, *(f"{node.module}.{name.name}" for name in node.names)]
    return []


def _place(dotted: str) -> tuple[str, str | None]:
    """The app a module belongs to, nested ones included, and its floor there."""
    app: list[str] = []
    for part in dotted.split("."):
        if part in RANKS and app:
            return ".".join(app), part
        app.append(part)
    return ".".join(app), None


def test_the_floors_are_kept():
    assert broken_floors(ROOT / "pyproject.toml") == ""


def test_modules_inside_an_app_look_down():
    assert broken(upward_imports) == []


def test_a_broken_floor_is_noticed(tmp_path):
    for name, line in (("floor_above", ""), ("floor_below", "import floor_above\n")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text(line)
    config = tmp_path / "contract.toml"
    config.write_text(
        textwrap.dedent(
            """
            [tool.importlinter]
            root_packages = ["floor_above", "floor_below"]
            [[tool.importlinter.contracts]]
            name = "sample"
            type = "layers"
            layers = ["floor_above", "floor_below"]
            """
        )
    )
    assert "floor_below is not allowed to import floor_above" in broken_floors(config, tmp_path)
    (tmp_path / "floor_below" / "__init__.py").write_text("")
    (tmp_path / "floor_above" / "__init__.py").write_text("import floor_below\n")
    assert broken_floors(config, tmp_path) == ""


@pytest.mark.parametrize(
    ("path", "text", "kept"),
    [
        ("tickets/models.py", "from tickets.querysets import TicketQuerySet\n", True),
        ("tickets/models.py", "from tickets.selectors import thread_of\n", False),
        ("tickets/actions/messages.py", "from tickets.actions import numbers\n", True),
        ("tickets/actions/messages.py", "from tickets import views\n", False),
        ("tickets/rules.py", "import tickets.models\n", True),
        ("tickets/selectors.py", "from tickets.actions.messages import post\n", False),
        ("tickets/routing/tasks.py", "from tickets.routing.actions import assign\n", True),
        ("tickets/routing/rules.py", "from tickets.actions.messages import post\n", True),
        ("tickets/routing/rules.py", "from tickets.routing.actions import assign\n", False),
        ("tickets/querysets.py", "if TYPE_CHECKING:\n    from tickets.models import Ticket\n", True),
        ("tickets/querysets.py", "if DEBUG:\n    from tickets.models import Ticket\n", False),
        ("chat/views.py", "from console.urls import x\n", True),
    ],
)
def test_the_order_inside_an_app_can_fail(path, text, kept):
    assert holds_for(upward_imports, text, path) is kept

"""The project's own source, read once, for the tests that judge how it is written."""

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGES = ("core", "accounts", "helpcenter", "tickets", "chat", "console", "support_desk")
SKIPPED = frozenset({"__pycache__", "locale", "staticfiles", "var", "node_modules"})

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Module:
    """One Python module: its path from the root of the project, its text, its tree."""

    path: str
    text: str
    tree: ast.Module

    @classmethod
    def of(cls, path: str, text: str) -> "Module":
        return cls(path, text, ast.parse(text))

    @property
    def is_migration(self) -> bool:
        return "/migrations/" in self.path

    @property
    def is_edge(self) -> bool:
        """Whether the module is where requests, frames, tasks or commands arrive."""
        parts = self.path.removesuffix(".py").split("/")
        return bool({"views", "sockets", "tasks", "admin", "commands"} & set(parts[1:])) and parts[0] != "core"


Rule = Callable[[Module], Iterator[str]]


def files(*tops: str, suffixes: tuple[str, ...]) -> Iterator[Path]:
    """Every file of the project with one of these endings below these folders."""
    for top in tops:
        for path in sorted((ROOT / top).rglob("*")):
            inside = path.relative_to(ROOT)
            if path.suffix in suffixes and path.is_file() and not SKIPPED & set(inside.parts):
                yield path


@lru_cache
def modules(*tops: str) -> tuple[Module, ...]:
    """Every module below these folders; of the product if none is named."""
    return tuple(
        Module.of(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8"))
        for path in files(*(tops or PACKAGES), suffixes=(".py",))
    )


def broken(rule: Rule, *, among: tuple[Module, ...] | None = None, but: dict[str, str] | None = None) -> list[str]:
    """What breaks a rule, as `path: finding`; `but` names the modules that may, each with its reason."""
    chosen = modules() if among is None else among
    return [f"{module.path}: {found}" for module in chosen if module.path not in (but or {}) for found in rule(module)]


def holds_for(rule: Rule, text: str, path: str = "chat/views.py") -> bool:
    """Whether a sample keeps a rule."""
    return not list(rule(Module.of(path, text)))


def calls(tree: ast.AST, name: str) -> Iterator[ast.Call]:
    """Every call of a function or method of this name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = node.func
            if (isinstance(called, ast.Attribute) and called.attr == name) or (
                isinstance(called, ast.Name) and called.id == name
            ):
                yield node


def docstring_nodes(tree: ast.AST) -> set[ast.Constant]:
    """The constants that are docstrings."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | Function) and node.body:
            first = node.body[0]
            if (
                isinstance(first, ast.Expr)
                and isinstance(first.value, ast.Constant)
                and isinstance(first.value.value, str)
            ):
                found.add(first.value)
    return found


def texts(module: Module) -> Iterator[tuple[int, str]]:
    """Every string of a module that is no docstring, with its line."""
    told = docstring_nodes(module.tree)
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in told:
            yield node.lineno, node.value

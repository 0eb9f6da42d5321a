"""Size, names and docstrings: what makes a module pleasant to open."""

import ast
import re
from collections.abc import Iterator

import pytest

from tests.architecture.source import PACKAGES, ROOT, Function, Module, broken, files, holds_for, modules

MODULE_LINES = 400
TEST_MODULE_LINES = 500
FUNCTION_LINES = 40
EMPTY_NAMES = re.compile(r"(managers?|helpers?|util(s|ities)?|common|misc|stuff)$")
MARKS = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|X" + r"XX|HA" + r"CK)\b")
READ_BY_PEOPLE = (".py", ".html", ".txt", ".js", ".css", ".sql", ".md", ".sh", ".yml", ".conf")


def too_long(limit: int):
    def rule(module: Module) -> Iterator[str]:
        lines = len(module.text.splitlines())
        if lines > limit and not module.is_migration:
            yield f"{lines} lines, at most {limit}"

    return rule


def long_functions(module: Module) -> Iterator[str]:
    for node in ast.walk(module.tree):
        if isinstance(node, Function) and not module.is_migration:
            assert node.end_lineno is not None
            told = len((ast.get_docstring(node, clean=False) or "").splitlines())
            lines = node.end_lineno - node.lineno + 1 - told
            if lines > FUNCTION_LINES:
                yield f"line {node.lineno}: {node.name} has {lines} lines, at most {FUNCTION_LINES}"


def untold(module: Module) -> Iterator[str]:
    if module.is_migration:
        return
    for node in module.tree.body:
        if isinstance(node, Function | ast.ClassDef) and not node.name.startswith("_") and not ast.get_docstring(node):
            yield f"line {node.lineno}: {node.name} has no docstring"


def empty_names(module: Module) -> Iterator[str]:
    for part in module.path.removesuffix(".py").split("/"):
        if EMPTY_NAMES.fullmatch(part):
            yield f"the name {part!r} says nothing"


def test_modules_are_short():
    assert broken(too_long(MODULE_LINES)) == []
    assert broken(too_long(TEST_MODULE_LINES), among=modules("tests")) == []


def test_functions_are_short():
    assert broken(long_functions) == []


def test_public_names_say_what_they_are_for():
    assert broken(untold) == []


def test_module_names_mean_something():
    assert broken(empty_names, among=modules() + modules("tests")) == []


def test_nothing_is_left_to_do():
    marked = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in files(*PACKAGES, "tests", "docs", "templates", "static", "bench", suffixes=READ_BY_PEOPLE)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if MARKS.search(line)
    ]
    assert marked == []


BODY = "    x = 1\n"
TOLD = '    """Says so.\n' + "\n" * 30 + '    """\n'


@pytest.mark.parametrize(
    ("rule", "text", "kept"),
    [
        (too_long(400), "x = 1\n" * 400, True),
        (too_long(400), "x = 1\n" * 401, False),
        (long_functions, "def f():\n" + BODY * 39, True),
        (long_functions, "def f():\n" + BODY * 40, False),
        (long_functions, "class A:\n    async def f(self):\n" + ("    " + BODY) * 40, False),
        (long_functions, "def f():\n" + TOLD + BODY * 38, True),
        (untold, "def f():\n    return 1\n", False),
        (untold, "async def f():\n    return 1\n", False),
        (untold, "class A:\n    x = 1\n", False),
        (untold, "def _f():\n    return 1\n", True),
        (untold, 'def f():\n    """Answers one."""\n    return 1\n', True),
    ],
)
def test_the_rules_of_shape_can_fail(rule, text, kept):
    assert holds_for(rule, text) is kept


@pytest.mark.parametrize(
    ("path", "kept"),
    [("chat/utils.py", False), ("chat/managers.py", False), ("chat/helpers/a.py", False), ("chat/rules.py", True)],
)
def test_the_rule_of_names_can_fail(path, kept):
    assert holds_for(empty_names, "", path) is kept


def test_the_marks_can_be_found():
    assert MARKS.search("# TO" + "DO: later")
    assert not MARKS.search("nothing to do, no hacking")

"""Locks that block nobody who only refers to a row, and columns that are stored the way their index needs."""

import ast
import re
from collections.abc import Iterator

import pytest

from tests.architecture.source import PACKAGES, ROOT, Module, broken, calls, files, holds_for, modules, texts

STRONG_LOCK = re.compile(r"\bFOR\s+UPDATE\b", re.IGNORECASE)
SPARSE = re.compile(r"\b(\w+)\b\"?\s+sparsevec\b|\b(\w+)\s*=\s*\S*SparseVectorField|\"(\w+)\",\s*\S*SparseVectorField")
PLAIN = r"ALTER\s+COLUMN\s+\"?{column}\"?\s+SET\s+STORAGE\s+PLAIN"


def strong_locks(module: Module) -> Iterator[str]:
    for call in calls(module.tree, "select_for_update"):
        weak = [word for word in call.keywords if word.arg == "no_key"]
        if not (weak and isinstance(weak[0].value, ast.Constant) and weak[0].value.value is True):
            yield f"line {call.lineno}: select_for_update( without no_key=True"
    for line, text in texts(module):
        if STRONG_LOCK.search(text):
            yield f"line {line}: FOR UPDATE without NO KEY"


def sparse_columns(text: str) -> set[str]:
    """The columns that a text declares as sparse vectors."""
    return {next(filter(None, match)) for match in SPARSE.findall(text)}


def stored_plainly(column: str, text: str) -> bool:
    """Whether a text sets a column's storage to PLAIN: compressed, every comparison would unpack it first."""
    return re.search(PLAIN.format(column=column), text, re.IGNORECASE) is not None


def test_row_locks_are_weak():
    assert broken(strong_locks) == []
    files_with_sql = [path for path in files(*PACKAGES, suffixes=(".sql",)) if STRONG_LOCK.search(path.read_text())]
    assert [str(path.relative_to(ROOT)) for path in files_with_sql] == []


def test_sparse_vectors_are_stored_plainly():
    migrations = [module for module in modules() if module.is_migration]
    everything = "\n".join(text for module in migrations for _line, text in texts(module))
    columns = set().union(*(sparse_columns(module.text) for module in migrations))
    assert [column for column in sorted(columns) if not stored_plainly(column, everything)] == []


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("a.select_for_update(no_key=True)", True),
        ("a.select_for_update(skip_locked=True, no_key=True)", True),
        ("a.select_for_update()", False),
        ("a.select_for_update(no_key=False)", False),
        ("SQL = 'SELECT 1 FOR NO KEY UPDATE SKIP LOCKED'", True),
        ("SQL = 'SELECT 1 for  update'", False),
        ("SQL = f'SELECT {x} FOR UPDATE'", False),
        ('def f():\n    """Never FOR UPDATE."""\n', True),
    ],
)
def test_the_rule_of_locks_can_fail(text, kept):
    assert holds_for(strong_locks, text) is kept


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("ADD COLUMN words sparsevec(1000)", {"words"}),
        ("words = SparseVectorField()", {"words"}),
        ('("words", pgvector.django.SparseVectorField())', {"words"}),
        ("no vector here", set()),
    ],
)
def test_sparse_columns_are_found(text, columns):
    assert sparse_columns(text) == columns


def test_the_rule_of_storage_can_fail():
    assert stored_plainly("words", 'ALTER TABLE x ALTER COLUMN "words" SET STORAGE PLAIN')
    assert not stored_plainly("words", "ALTER TABLE x ALTER COLUMN other SET STORAGE PLAIN")

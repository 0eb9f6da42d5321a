"""Edges decide nothing, arrows point down, and nothing happens behind a reader's back."""

import ast
from collections.abc import Iterator

import pytest

from tests.architecture.source import Function, Module, broken, calls, holds_for

QUERY_WORDS = frozenset(
    {"filter", "exclude", "get", "create", "update", "delete", "get_or_create", "update_or_create", "bulk_create"}
)
CATCH_ALL = {
    "core/sockets.py": "the edge base of sockets: whatever a handler raises becomes one constant error frame",
    "core/group_commit.py": "the thread that commits for everybody: whatever fails, everyone who waits is told",
    "support_desk/sweeper.py": "the thread of all sweeps: one that fails must not end the others",
}
SIGNAL_MODULES = ("django.db.models.signals", "django.dispatch")


def imports_inside_functions(module: Module) -> Iterator[str]:
    for function in ast.walk(module.tree):
        if isinstance(function, Function):
            for node in ast.walk(function):
                if isinstance(node, ast.Import | ast.ImportFrom):
                    yield f"line {node.lineno}: imports inside {function.name}"


def queries_in_edges(module: Module) -> Iterator[str]:
    if not module.is_edge:
        return
    for word in QUERY_WORDS:
        for call in calls(module.tree, word):
            if isinstance(call.func, ast.Attribute) and _starts_at_objects(call.func.value):
                yield f"line {call.lineno}: .objects … .{word}( belongs into a queryset, selector or action"


def _starts_at_objects(node: ast.AST) -> bool:
    while isinstance(node, ast.Attribute | ast.Call):
        if isinstance(node, ast.Attribute) and node.attr in {"objects", "_default_manager", "_base_manager"}:
            return True
        node = node.func if isinstance(node, ast.Call) else node.value
    return False


def catches_everything(module: Module) -> Iterator[str]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ExceptHandler) and not _raises_again(node):
            named = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
            if any(kind is None or (isinstance(kind, ast.Name) and kind.id.endswith("Exception")) for kind in named):
                yield f"line {node.lineno}: catches everything"


def _raises_again(handler: ast.ExceptHandler) -> bool:
    last = handler.body[-1]
    return isinstance(last, ast.Raise) and last.exc is None


def model_signals(module: Module) -> Iterator[str]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(SIGNAL_MODULES):
            yield f"line {node.lineno}: uses signals"


def test_no_import_hides_in_a_function():
    assert broken(imports_inside_functions) == []


def test_edges_do_not_query():
    assert broken(queries_in_edges) == []


def test_only_the_edge_bases_catch_everything():
    assert broken(catches_everything, but=CATCH_ALL) == []


def test_nothing_hangs_on_model_signals():
    assert broken(model_signals) == []


@pytest.mark.parametrize(
    ("rule", "text", "kept"),
    [
        (imports_inside_functions, "import a\ndef f():\n    return a\n", True),
        (imports_inside_functions, "def f():\n    import a\n", False),
        (imports_inside_functions, "class A:\n    async def f(self):\n        from a import b\n", False),
        (queries_in_edges, "def f(p):\n    return Ticket.objects.visible_to(p)\n", True),
        (queries_in_edges, "def f(p):\n    return Ticket.objects.filter(a=p)\n", False),
        (queries_in_edges, "def f(p):\n    return Ticket.objects.visible_to(p).exclude(a=1)\n", False),
        (queries_in_edges, "def f(d):\n    return d.get('a'), d.update(b=1)\n", True),
        (catches_everything, "try:\n    f()\nexcept ValueError:\n    pass\n", True),
        (catches_everything, "try:\n    f()\nexcept Exception:\n    pass\n", False),
        (catches_everything, "try:\n    f()\nexcept (OSError, BaseException):\n    pass\n", False),
        (catches_everything, "try:\n    f()\nexcept:\n    pass\n", False),
        (catches_everything, "try:\n    f()\nexcept BaseException:\n    g()\n    raise\n", True),
        (catches_everything, "try:\n    f()\nexcept Exception:\n    raise ValueError\n", False),
        (model_signals, "from django.db.models.signals import post_save\n", False),
        (model_signals, "from django.dispatch import receiver\n", False),
        (model_signals, "from django.db.models import Model\n", True),
    ],
)
def test_the_rules_of_edges_can_fail(rule, text, kept):
    assert holds_for(rule, text) is kept


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        ("chat/views.py", False),
        ("tickets/routing/tasks.py", False),
        ("console/views/queue.py", False),
        ("accounts/management/commands/create_agent.py", False),
        ("tickets/selectors.py", True),
    ],
)
def test_the_rule_of_queries_knows_edges(path, kept):
    assert holds_for(queries_in_edges, "Ticket.objects.filter(a=1)\n", path) is kept

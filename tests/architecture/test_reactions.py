"""What the tables of the top floor name exists: tasks are known to Celery, sweeps can be run, events are published."""

import ast
from collections.abc import Iterable

import pytest
from django.utils.module_loading import import_string

from core.publishing import Reaction, always
from support_desk.celery import app
from support_desk.reactions import REACTIONS
from support_desk.sweeps import SWEEPS
from tests.architecture.source import modules


def unknown_tasks(names: Iterable[str]) -> list[str]:
    """The names that Celery knows no task for."""
    app.loader.import_default_modules()
    return sorted(set(names) - set(app.tasks))


def kinds_of_events() -> set[str]:
    """The `kind` of every event class: a class of a module `events` with a text of that name."""
    return {
        statement.value.value
        for module in modules()
        if module.path.endswith("/events.py")
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ClassDef)
        for statement in node.body
        if isinstance(statement, ast.Assign | ast.AnnAssign)
        and isinstance(statement.value, ast.Constant)
        and "kind" in ast.unparse(statement)
    }


def test_every_reaction_starts_a_task_that_exists():
    assert unknown_tasks(reaction.task for reactions in REACTIONS.values() for reaction in reactions) == []


def test_every_reaction_is_to_an_event_that_exists():
    assert sorted(set(REACTIONS) - kinds_of_events()) == []


@pytest.mark.parametrize("sweep", SWEEPS, ids=lambda sweep: sweep.function)
def test_every_sweep_can_be_run(sweep):
    assert callable(import_string(sweep.function))
    assert sweep.every_seconds > 0


def test_an_unknown_task_is_noticed():
    assert unknown_tasks([Reaction(always, "tickets.tasks.no_such_task").task, "celery.backend_cleanup"]) == [
        "tickets.tasks.no_such_task"
    ]

"""Whether this process lives, and whether it should be sent work."""

from __future__ import annotations

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from core.hub import hub
from core.per_process import PerProcess
from core.redis_clients import answers
from core.watching import lobby

#: Whether the schema was once found complete: it does not get behind again while this code runs.
_migrated = PerProcess(set[str])


@never_cache
@require_GET
def live(request: HttpRequest) -> JsonResponse:  # noqa: ARG001
    """The process answers. Looks at nothing else: a database that is away is no reason to kill it."""
    return JsonResponse({"status": "live"})


@never_cache
@require_GET
def ready(request: HttpRequest) -> JsonResponse:  # noqa: ARG001
    """Whether to send work here: the database answers, its schema is ours, and the process is not ending.

    Redis carries hints only: without it the answer is still 200 and says `degraded`.
    """
    reason = _reason_not_ready()
    if reason is not None:
        return JsonResponse({"status": "not_ready", "reason": reason}, status=503)
    redis_works = not hub().degraded and answers()
    return JsonResponse({"status": "ready", "degraded": [] if redis_works else ["redis"]})


def _reason_not_ready() -> str | None:
    if lobby.draining:
        return "draining"
    try:
        return None if _schema_is_complete() else "migrations"
    except DatabaseError:
        return "database"


def _schema_is_complete() -> bool:
    """Raises: DatabaseError if the database does not answer."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    known = _migrated()
    if not known:
        executor = MigrationExecutor(connection)
        if not executor.migration_plan(executor.loader.graph.leaf_nodes()):
            known.add("complete")
    return bool(known)

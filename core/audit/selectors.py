"""What auditors read. Newest first; the next page is asked for by the last number seen."""

from django.db.models import QuerySet

from core.audit.models import Entry

PAGE = 50


def latest_entries(*, action: str = "", before: int | None = None, limit: int = PAGE) -> list[Entry]:
    """The newest entries, of one action or of all. Cost: 1 query."""
    entries = Entry.objects.filter(action=action) if action else Entry.objects.all()
    return _page(entries, before, limit)


def entries_about(object_kind: str, object_id: object, *, before: int | None = None, limit: int = PAGE) -> list[Entry]:
    """What was done to one object. Cost: 1 query."""
    return _page(Entry.objects.filter(object_kind=object_kind, object_id=str(object_id)), before, limit)


def entries_by(actor_kind: str, actor_id: object, *, before: int | None = None, limit: int = PAGE) -> list[Entry]:
    """What one person did. Cost: 1 query."""
    return _page(Entry.objects.filter(actor_kind=actor_kind, actor_id=str(actor_id)), before, limit)


def _page(entries: QuerySet[Entry], before: int | None, limit: int) -> list[Entry]:
    if before is not None:
        entries = entries.filter(sequence__lt=before)
    return list(entries.order_by("-sequence")[:limit])

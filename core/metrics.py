"""What operators can measure, in Prometheus' format. Labels have few values and never a person's data."""

from __future__ import annotations

import secrets

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET
from prometheus_client import CONTENT_TYPE_LATEST, Counter, Gauge, Histogram, generate_latest

SOCKETS = Gauge("desk_sockets", "Open websockets of this process.")
SOCKETS_CLOSED = Counter("desk_sockets_closed_total", "Websockets closed by the server, by close code.", ["code"])
FRAMES_IN = Counter("desk_frames_in_total", "Frames received from browsers.")
FRAMES_BAD = Counter("desk_frames_bad_total", "Frames refused because they are not of the protocol.")
FRAMES_OUT = Counter("desk_frames_out_total", "Frames sent to browsers.")
CATCH_UPS = Counter("desk_catch_ups_total", "Reads from the database because a socket missed numbered frames.")
WATCH_FAILED = Counter("desk_watch_failed_total", "Rounds of the watcher that did not reach the database.")

HUB_DEGRADED = Gauge("desk_hub_degraded", "1 while this process has no working Redis for its sockets.")
HUB_PUBLISHED = Counter("desk_hub_published_total", "Frames handed to Redis for other processes.")
HUB_RECEIVED = Counter("desk_hub_received_total", "Frames received from other processes.")
HUB_DROPPED = Counter("desk_hub_dropped_total", "Frames for or from other processes that were dropped.", ["reason"])

COMMIT_BATCHES = Counter("desk_commit_batches_total", "Transactions of the group commit.", ["name"])
COMMIT_ITEMS = Counter("desk_commit_items_total", "Items stored by the group commit.", ["name"])
COMMIT_FAILED = Counter("desk_commit_failed_total", "Batches of the group commit that failed as a whole.", ["name"])
COMMIT_BUSY = Counter("desk_commit_busy_total", "Items that met a locked row and were tried again.", ["name"])
COMMIT_SECONDS = Histogram(
    "desk_commit_seconds",
    "Duration of one group commit.",
    ["name"],
    buckets=(0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1, 5),
)

REACTIONS_LOST = Counter(
    "desk_reactions_lost_total", "Tasks that the broker did not take; sweepers find their work.", ["task"]
)
DISPATCH_DROPPED = Counter(
    "desk_dispatch_dropped_total", "Jobs dropped because a dispatcher's queue was full.", ["queue"]
)


@never_cache
@require_GET
def metrics(request: HttpRequest) -> HttpResponse:
    """The figures of this process, for the holder of METRICS_TOKEN; for everybody else there is no such page."""
    token = settings.METRICS_TOKEN
    offered = request.headers.get("Authorization", "")
    if not token or not secrets.compare_digest(offered.encode(), f"Bearer {token}".encode()):
        raise Http404
    return HttpResponse(generate_latest(), content_type=CONTENT_TYPE_LATEST)

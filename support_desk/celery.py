"""The Celery application: background work by row, never by content, and the sweeper in every worker."""

import logging.config
import os
from typing import Any

from celery import Celery
from celery.signals import beat_init, setup_logging, worker_init, worker_ready, worker_shutting_down
from django.conf import settings
from django_structlog.celery.steps import DjangoStructLogInitStep

from support_desk.starting import refuse_unsafe_process
from support_desk.sweeper import Sweeper

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "support_desk.settings")

app = Celery("support_desk")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.steps["worker"].add(DjangoStructLogInitStep)

_sweepers: list[Sweeper] = []


@setup_logging.connect
def use_our_logging(**_kwargs: Any) -> None:
    """Celery logs as everything else does."""
    logging.config.dictConfig(settings.LOGGING)


@worker_init.connect
@beat_init.connect
def refuse_unsafe(**_kwargs: Any) -> None:
    """Workers and beat of production start only where a web process would. Raises: SystemExit."""
    refuse_unsafe_process()


@worker_ready.connect
def start_sweeper(**_kwargs: Any) -> None:
    """Every worker finds lost work, so neither beat nor the broker is a single point."""
    sweeper = Sweeper()
    sweeper.start()
    _sweepers.append(sweeper)


@worker_shutting_down.connect
def end_sweeper(**_kwargs: Any) -> None:
    """Let the sweep that runs now finish."""
    for sweeper in _sweepers:
        sweeper.end()

"""Housekeeping that beat asks for. What must never be missed is a sweep instead (`sweeps.py`)."""

from celery import shared_task
from django.core.management import call_command


@shared_task
def forget_expired_sessions() -> None:
    """Remove sign-ins that have expired anyway. Repeat: harmless."""
    call_command("clearsessions")

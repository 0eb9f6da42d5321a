"""Registers the audit with Django."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """One append-only table."""

    name = "core.audit"
    label = "audit"
    verbose_name = "Audit"

"""Registers the ground floor with Django."""

from django.apps import AppConfig
from django.core.checks import register

from core.checks import check_deployment


class CoreConfig(AppConfig):
    """No tables of its own; holds commands, checks and templates that every floor uses."""

    name = "core"
    label = "core"

    def ready(self) -> None:
        """Let `manage.py check --deploy` ask what every process of production asks before it serves."""
        register(check_deployment, "desk", deploy=True)

"""Registers the ground floor with Django."""

from django.apps import AppConfig


class CoreConfig(AppConfig):
    """No tables of its own; holds commands, checks and templates that every floor uses."""

    name = "core"
    label = "core"

"""Registers routing with Django."""

from django.apps import AppConfig


class RoutingConfig(AppConfig):
    """Routing has no tables of its own: the queue is a state of tickets."""

    name = "tickets.routing"
    label = "routing"

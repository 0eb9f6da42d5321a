"""Registers tickets with Django."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TicketsConfig(AppConfig):
    """The floor of tickets and threads."""

    name = "tickets"
    verbose_name = _("Tickets")

"""Registers the chat with Django."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ChatConfig(AppConfig):
    """The widget, the customers' socket and their HTTP edge. No tables of its own."""

    name = "chat"
    verbose_name = _("Chat")

"""Refusals that the socket and the HTTP edge share."""

from django.utils.translation import gettext_lazy as _

from core.errors import Refused


def not_available() -> Refused:
    """The constant answer to what the protocol knows and this release does not do yet."""
    return Refused("not_available", _("This is not available here yet."))

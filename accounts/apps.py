"""Registers accounts and the admin with Django."""

from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps

from accounts.wrapping import place_of
from core.crypto import rotation


class AccountsConfig(AppConfig):
    """People, sites, customers."""

    name = "accounts"
    default = True

    def ready(self) -> None:
        """Customers' keys are wrapped again when the operator's keys are rotated."""
        rotation.register("accounts.DataKey", "wrapped", place_of)


class DeskAdminConfig(admin_apps.AdminConfig):
    """Django's admin behind our two-step sign-in."""

    default = False
    default_site = "accounts.admin_site.DeskAdminSite"

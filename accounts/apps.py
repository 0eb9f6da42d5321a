"""Registers accounts and the admin with Django."""

from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps


class AccountsConfig(AppConfig):
    """People, sites, customers."""

    name = "accounts"
    default = True


class DeskAdminConfig(admin_apps.AdminConfig):
    """Django's admin behind our two-step sign-in."""

    default = False
    default_site = "accounts.admin_site.DeskAdminSite"

"""Django's admin, opened only by people who passed both factors and hold a role that configures."""

# ruff: noqa: ARG002  the signatures are Django's

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.models import Group
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _

from accounts import guards, views
from accounts.policy import can


class DeskAdminSite(admin.AdminSite):
    """The default admin site."""

    site_header = _("Support desk: settings")
    site_title = _("Support desk")
    index_title = _("People, sites and settings")
    site_url = "/console/"

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """Django's groups are left out: nothing here is decided by them, and a page for them would say otherwise."""
        if model_or_iterable is not Group:
            super().register(model_or_iterable, admin_class, **options)

    def has_permission(self, request: HttpRequest) -> bool:
        """Staff, verified by a second factor, with a role that opens the admin."""
        return bool(super().has_permission(request) and guards.is_verified(request) and can(request.user, "admin.open"))

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """There is one way in: our two steps. A person who is in but may not configure goes to the console."""
        if guards.is_verified(request):
            return redirect("console:queue")
        return redirect(guards.sign_in_url(request))

    def logout(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponseBase:  # type: ignore[override]
        """There is one way out, too."""
        return views.sign_out(request)

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:  # type: ignore[override]
        """And one page for passwords."""
        return redirect("accounts:password")

"""Every address. What is not listed here does not exist."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

urlpatterns = [
    path("", include("core.urls")),
    path("", include("chat.urls")),
    path("", include("chat.page_urls")),
    path("accounts/", include("accounts.urls")),
    path("console/", include("console.urls")),
    path("admin/", admin.site.urls),
    path("i18n/", include("django.conf.urls.i18n")),
    path("", RedirectView.as_view(pattern_name="console:queue" if settings.PRODUCTION else "chat:demo"), name="home"),
]

handler400 = "support_desk.errors.bad_request"
handler403 = "support_desk.errors.not_allowed"
handler404 = "support_desk.errors.not_found"
handler500 = "support_desk.errors.server_error"

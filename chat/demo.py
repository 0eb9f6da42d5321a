"""The demo exchange: a page as an exchange would have it, with the widget by its public script tag. Not there in production."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django.views.decorators.http import require_POST, require_safe

from accounts.choices import Role
from chat.demo_people import CUSTOMERS, demo_site, demo_staff, sign_identity
from chat.pages import language_of, with_policy
from core.db import utc_now
from core.errors import NotFound
from core.locales import LANGUAGES, is_rtl
from core.origins import origin_of


@dataclass(frozen=True, slots=True)
class Holding:
    """One line of the invented wallet."""

    name: str
    available: str
    in_orders: str
    value: Decimal

    @property
    def worth(self) -> str:
        """The value as exchanges write it."""
        return f"{self.value:,.2f}"


HOLDINGS: Final = (
    Holding("Bitcoin", "0.114208", "0", Decimal("10341.20")),
    Holding("Ethereum", "1.402110", "0.200", Decimal("4388.04")),
    Holding("USDT", "912.40", "2,400.00", Decimal("3312.40")),
    Holding("XRP", "74.00", "0", Decimal("163.02")),
)
RECENT: Final = (
    (_("Withdrawal"), "USDT · TRON", "2,400.00", _("In review")),
    (_("Deposit"), "BTC", "0.0415", _("2 of 3 confirmations")),
    (_("Deposit"), "ETH", "0.500", pgettext_lazy("transaction", "Done")),
    (_("Conversion"), "ETH → USDT", "0.310", pgettext_lazy("transaction", "Done")),
)


@require_safe
def exchange(request: HttpRequest) -> HttpResponse:
    """The wallet page of an exchange that does not exist."""
    try:
        site = demo_site()
    except NotFound:
        raise Http404 from None
    ours = origin_of(settings.PUBLIC_URL)
    if origin_of(request.build_absolute_uri("/")) != ours:
        return redirect(ours + reverse("chat:demo"))
    language = language_of(request, site.default_language)
    with translation.override(language):
        page = render(request, "chat/demo.html", _context(request, site.key, language))
    page.headers["Cache-Control"] = "no-store, private"
    return with_policy(page, {"frame-src": ["'self'"]})


@require_POST
def identity(request: HttpRequest) -> HttpResponse:
    """A signed identity token for one of the demo's customers, as an exchange's own server would hand it to its page."""
    try:
        token = sign_identity(request.POST.get("customer", ""), now=utc_now())
    except NotFound:
        raise Http404 from None
    return JsonResponse({"token": token}, headers={"Cache-Control": "no-store, private"})


def _context(request: HttpRequest, site_key: str, language: str) -> dict[str, Any]:
    roles = dict(Role.choices)
    return {
        "site_key": site_key,
        "language": language,
        "direction": "rtl" if is_rtl(language) else "ltr",
        "languages": LANGUAGES,
        "customers": CUSTOMERS,
        "staff": [person | {"role": roles.get(person.get("role", ""), "")} for person in demo_staff()],
        "holdings": HOLDINGS,
        "total": f"{sum(holding.value for holding in HOLDINGS):,.2f}",
        "recent": RECENT,
        "loader": request.build_absolute_uri(reverse("chat:loader")),
    }

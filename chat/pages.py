"""The chat as an iframe of an exchange's page and as a page of its own, and the script that an exchange embeds."""

import gzip
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from csp.decorators import csp_replace
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.http import parse_etags
from django.views.decorators.http import require_safe

from accounts.models import Site
from accounts.selectors import site_by_key
from chat.texts import launcher_words, widget_texts
from core.locales import LANGUAGES, best_language, from_accept_language, is_rtl
from core.origins import origin_of

LOADER: Final = Path(__file__).resolve().parent / "static" / "chat" / "loader.js"
LOADER_MAX_AGE: Final = 300


@require_safe
def loader(request: HttpRequest) -> HttpResponse:
    """`/widget.js`: the same bytes for everybody, with the button's words in all languages."""
    script, packed, etag = _loader(LOADER.stat().st_mtime_ns)
    if etag in parse_etags(request.headers.get("If-None-Match", "")):
        answer = HttpResponse(status=304)
    elif "gzip" in request.headers.get("Accept-Encoding", ""):
        answer = HttpResponse(
            packed, content_type="text/javascript; charset=utf-8", headers={"Content-Encoding": "gzip"}
        )
    else:
        answer = HttpResponse(script, content_type="text/javascript; charset=utf-8")
    answer.headers["ETag"] = etag
    answer.headers["Cache-Control"] = f"public, max-age={LOADER_MAX_AGE}"
    answer.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    answer.headers["Access-Control-Allow-Origin"] = "*"
    patch_vary_headers(answer, ["Accept-Encoding"])
    return answer


@require_safe
def widget(request: HttpRequest, site_key: str) -> HttpResponse:
    """The chat inside an exchange's page. Only the site's own origins may frame it."""
    site = _site(site_key)
    return _chat_page(request, site, frame_ancestors=["'self'", *site.origins])


@require_safe
def full_page(request: HttpRequest, site_key: str) -> HttpResponse:
    """The chat as a page of its own, for an exchange's mobile app. Nobody may frame it."""
    return _chat_page(request, _site(site_key), frame_ancestors=["'none'"])


def language_of(request: HttpRequest, default: str) -> str:
    """What the address asks for, else what the browser asks for, else the given one."""
    spoken = from_accept_language(request.headers.get("Accept-Language", ""))
    return best_language(request.GET.get("lang", ""), default=spoken if spoken != "en" else default)


def _site(key: str) -> Site:
    site = site_by_key(key)
    if site is None:
        raise Http404
    return site


def _chat_page(request: HttpRequest, site: Site, *, frame_ancestors: list[str]) -> HttpResponse:
    language = language_of(request, site.default_language)
    with translation.override(language):
        page = render(request, "chat/widget.html", _context(site, language, is_framed=frame_ancestors != ["'none'"]))
    page.headers["Content-Language"] = language
    page.headers["Cache-Control"] = "no-cache"
    patch_vary_headers(page, ["Accept-Language"])
    sockets = origin_of(settings.PUBLIC_URL).replace("http", "ws", 1)
    policy = {
        "frame-ancestors": frame_ancestors,
        "connect-src": ["'self'", sockets],
        "require-trusted-types-for": ["'script'"],
    }
    return with_policy(page, policy)


def with_policy(page: HttpResponse, policy: dict[str, list[str]]) -> HttpResponse:
    """The page with some directives of its own in place of what every page of ours has."""
    replace: Any = csp_replace(policy)
    answer: HttpResponse = replace(lambda: page)()
    return answer


def _context(site: Site, language: str, *, is_framed: bool) -> dict[str, Any]:
    theme = site.theme if isinstance(site.theme, dict) else {}
    offered = [entry for entry in LANGUAGES if not site.languages or entry[0] in site.languages or entry[0] == language]
    return {
        "site": site,
        "language": language,
        "direction": "rtl" if is_rtl(language) else "ltr",
        "languages": offered,
        "texts": widget_texts(),
        "settings": {
            "site": site.key,
            "name": site.name,
            "origins": [*dict.fromkeys([origin_of(settings.PUBLIC_URL), *site.origins])] if is_framed else [],
            "framed": is_framed,
        },
        "theme": {name: str(theme.get(name, "")) for name in ("mode", "accent", "accent_dark")},
    }


@cache
def _loader(_modified: int) -> tuple[bytes, bytes, str]:
    """The script as it is served, plain and compressed, and its ETag."""
    script = LOADER.read_bytes().replace(b"/*WORDS*/ {}", launcher_words())
    return script, gzip.compress(script, mtime=0), f'"{sha256(script).hexdigest()[:32]}"'

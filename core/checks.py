"""What makes a start unsafe. Every rule is a pure function over settings or over facts; one problem is one sentence.

Asked by each process of production before it serves (`refuse_unsafe_start`) and by `manage.py check --deploy`.
"""

import base64
import binascii
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from django.apps.config import AppConfig
from django.conf import settings as django_settings
from django.core.checks import CheckMessage, Error
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core.facts import Facts, gather_facts

FLOORS = {"Django": (5, 2, 19), "daphne": (4, 2, 2)}
FRAME_LIMIT = 65_536
CLOCK_REFUSED, CLOCK_WARNED = 5.0, 2.0
DURABLE = ("fsync", "synchronous_commit", "full_page_writes")
SECOND_FACTOR = ("django_otp.middleware.OTPMiddleware", "accounts.middleware.SecondFactorMiddleware")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Problem:
    """One reason not to start. The code never changes; the sentence says what to do."""

    code: str
    sentence: str


def _debug(settings: Any) -> str:
    return _("DEBUG is on: switch it off.") if settings.DEBUG else ""


def _secret_key(settings: Any) -> str:
    key = str(settings.SECRET_KEY)
    known = key.startswith(("django-insecure-", "not-for-production-"))
    if known or len(key) < 50 or len(set(key)) < 8:
        return _("SECRET_KEY is a known or short one: set at least 50 random characters.")
    return ""


def _keys(settings: Any) -> str:
    keys = [*settings.FIELD_KEYS, settings.AUDIT_KEY]
    if not settings.FIELD_KEYS or not all(_is_key(key) for key in keys):
        return _("FIELD_KEYS and AUDIT_KEY must each be 32 random bytes in base64.")
    if len({*keys, settings.SECRET_KEY}) < len(keys) + 1:
        return _("FIELD_KEYS, AUDIT_KEY and SECRET_KEY must all differ.")
    return ""


def _is_key(text: str) -> bool:
    try:
        plain = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return False
    in_a_row = all(after - before == 1 for before, after in pairwise(plain))
    return len(plain) == 32 and len(set(plain)) > 8 and not in_a_row


def _allowed_hosts(settings: Any) -> str:
    if not settings.ALLOWED_HOSTS or any(host.strip() in ("*", ".") for host in settings.ALLOWED_HOSTS):
        return _("ALLOWED_HOSTS must name the hosts of this desk, without `*`.")
    return ""


def _tls(settings: Any) -> str:
    told_by_proxy = settings.SECURE_PROXY_SSL_HEADER or settings.SECURE_SSL_REDIRECT
    if not settings.PUBLIC_URL.startswith("https://") or not told_by_proxy or not settings.SECURE_HSTS_SECONDS:
        return _(
            "TLS is not set up: PUBLIC_URL must begin with https:// and TRUSTED_PROXIES must count the proxies in front."
        )
    return ""


def _cookies(settings: Any) -> str:
    flags = ("SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "LANGUAGE_COOKIE_SECURE", "SESSION_COOKIE_HTTPONLY")
    same_site = {settings.SESSION_COOKIE_SAMESITE, settings.CSRF_COOKIE_SAMESITE}
    if not all(getattr(settings, flag) for flag in flags) or not same_site <= {"Lax", "Strict"}:
        return _("Cookie flags are off: session and CSRF cookies must be Secure, HttpOnly and SameSite.")
    return ""


def _pickle(settings: Any) -> str:
    accepted = {str(kind).lower() for kind in settings.CELERY_ACCEPT_CONTENT} | {
        settings.CELERY_TASK_SERIALIZER.lower()
    }
    return "" if accepted == {"json"} else _("Celery must accept nothing but json.")


def _second_factor(settings: Any) -> str:
    if not set(SECOND_FACTOR) <= set(settings.MIDDLEWARE):
        return _("The second factor is not enforced: its middleware is missing.")
    return ""


def _media(settings: Any) -> str:
    media, static = Path(settings.MEDIA_ROOT).resolve(), Path(settings.STATIC_ROOT).resolve()
    if media == static or static in media.parents or media in static.parents:
        return _("MEDIA_ROOT and STATIC_ROOT overlap: uploads would be served as static files.")
    return ""


def _versions(facts: Facts) -> str:
    old = [name for name, floor in FLOORS.items() if _numbers(facts.versions[name]) < floor]
    return _("Too old and open to known attacks: %(names)s.") % {"names": ", ".join(old)} if old else ""


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".")[:3] if part.isdecimal())


def _frame_limit(facts: Facts) -> str:
    if any(not 0 < limit <= FRAME_LIMIT for limit in facts.frame_limits):
        return _(
            "Start Daphne with --websocket-max-message-size and --websocket-max-frame-size of at most %(limit)s."
        ) % {"limit": FRAME_LIMIT}
    return ""


def _redis(facts: Facts) -> str:
    if facts.redis_policy not in ("", "noeviction"):
        return _("Redis may drop tasks: set maxmemory-policy to noeviction.")
    return _("Redis answers strangers over the network: set a password.") if facts.redis_open else ""


def _durability(facts: Facts) -> str:
    off = [name for name in DURABLE if facts.database_settings[name] == "off"]
    return (
        _("PostgreSQL may lose what it acknowledged: switch on %(names)s.") % {"names": ", ".join(off)} if off else ""
    )


def _app_role(facts: Facts) -> str:
    if facts.role_is_superuser:
        return _("The desk runs as a superuser of the database: use the role made for it.")
    if facts.audit_rights:
        return _("The desk's database role may change the audit (%(rights)s).") % {
            "rights": ", ".join(facts.audit_rights)
        }
    return ""


def _migrations(facts: Facts) -> str:
    count = len(facts.pending_migrations)
    if not count:
        return ""
    return ngettext(
        "%(count)s migration is pending: run manage.py migrate.",
        "%(count)s migrations are pending: run manage.py migrate.",
        count,
    ) % {"count": count}


def _clock(facts: Facts) -> str:
    if abs(facts.clock_apart) > CLOCK_REFUSED:
        return _("This machine's clock and the database's are %(seconds).1f s apart.") % {"seconds": facts.clock_apart}
    return ""


SETTING_RULES: Mapping[str, Callable[[Any], str]] = {
    "debug": _debug,
    "secret_key": _secret_key,
    "keys": _keys,
    "allowed_hosts": _allowed_hosts,
    "tls": _tls,
    "cookies": _cookies,
    "pickle": _pickle,
    "second_factor": _second_factor,
    "media": _media,
}
FACT_RULES: Mapping[str, Callable[[Facts], str]] = {
    "versions": _versions,
    "frame_limit": _frame_limit,
    "redis": _redis,
    "durability": _durability,
    "app_role": _app_role,
    "migrations": _migrations,
    "clock": _clock,
}


def problems_of_settings(settings: Any) -> Iterator[Problem]:
    """What is unsafe in settings alone."""
    for code, rule in SETTING_RULES.items():
        if sentence := rule(settings):
            yield Problem(code, sentence)


def problems_of_facts(facts: Facts) -> Iterator[Problem]:
    """What is unsafe in the world around: versions, servers, roles, clocks."""
    for code, rule in FACT_RULES.items():
        if sentence := rule(facts):
            yield Problem(code, sentence)


def all_problems() -> list[Problem]:
    """Everything unsafe about this process. A database that does not answer is a problem, a Redis that does not is none."""
    found = list(problems_of_settings(django_settings))
    facts, unasked = gather_facts()
    if facts is None:
        return [
            *found,
            Problem("database", _("The database cannot be asked whether it is safe: %(why)s") % {"why": unasked}),
        ]
    if CLOCK_WARNED < abs(facts.clock_apart) <= CLOCK_REFUSED:
        log.warning("this clock and the database's are %.1f s apart", facts.clock_apart)
    return found + list(problems_of_facts(facts))


def refuse_unsafe_start() -> None:
    """Return when it is safe to serve. Raises: SystemExit naming every problem."""
    found = all_problems()
    if found:
        lines = [_("Refusing to start:"), *(f"  - {problem.code}: {problem.sentence}" for problem in found)]
        raise SystemExit("\n".join(lines))


def check_deployment(*, app_configs: Sequence[AppConfig] | None, **_options: Any) -> list[CheckMessage]:  # noqa: ARG001 Django's form
    """The same rules for `manage.py check --deploy`; registered by the app."""
    return [Error(problem.sentence, id=f"desk.{problem.code}") for problem in all_problems()]

"""Web origins in the one form in which they are stored and compared: `scheme://host[:port]`, lower case, nothing else."""

import ipaddress
import re
from urllib.parse import urlsplit

from django.utils.translation import gettext_lazy as _

from core.errors import Refused

DEFAULT_PORTS = {"https": 443, "http": 80}
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")
_SHAPE = re.compile(r"(https?)://(\[[0-9a-f:.]+\]|[a-z0-9.-]+)(?::([0-9]{1,5}))?")


def clean_origin(text: str) -> str:
    """An origin in its stored form. Names that are not ASCII become punycode; a default port is dropped.

    Raises: Refused ``bad_origin`` for a path, a wildcard, a user, a fragment, or plain http anywhere but on this machine.
    """
    given = text.strip().removesuffix("/").lower()
    match = _SHAPE.fullmatch(_ascii(given))
    if not match or not _is_host(match[2]):
        raise _refused(text)
    scheme, host, port = match[1], match[2], int(match[3] or 0)
    if scheme == "http" and host.strip("[]") not in LOOPBACK:
        raise _refused(text)
    if port > 65535 or (match[3] and port == 0):
        raise _refused(text)
    return f"{scheme}://{host}" + (f":{port}" if port and port != DEFAULT_PORTS[scheme] else "")


def clean_origins(texts: list[str]) -> list[str]:
    """All of them in their stored form, each once, in the given order. Raises: as `clean_origin`."""
    return list(dict.fromkeys(clean_origin(text) for text in texts if text.strip()))


def _ascii(given: str) -> str:
    if given.isascii():
        return given
    try:
        parts = urlsplit(given)
        host = (parts.hostname or "").encode("idna").decode()
        return given.replace(parts.hostname or "", host, 1)
    except (UnicodeError, ValueError):
        return ""


def _is_host(host: str) -> bool:
    if host.startswith("["):
        try:
            return isinstance(ipaddress.ip_address(host[1:-1]), ipaddress.IPv6Address)
        except ValueError:
            return False
    return len(host) <= 253 and all(_LABEL.fullmatch(label) for label in host.split("."))


def _refused(text: str) -> Refused:
    return Refused(
        "bad_origin",
        _("An origin looks like https://www.example.com: no path and no wildcard; plain http only for this machine."),
        origin=text[:200],
    )

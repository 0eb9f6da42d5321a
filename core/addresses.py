"""Where a request comes from: the one answer for limits, lock-outs and the audit."""

import ipaddress
from typing import Final

from django.conf import settings
from django.http import HttpRequest

UNKNOWN: Final = "unknown"

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def client_ip(request: HttpRequest) -> str | None:
    """The client's whole address, None if a proxy of ours did not say a proper one."""
    address = _client(request)
    return None if address is None else str(address)


def address_of(request: HttpRequest) -> str:
    """The client's address for limits: IPv4 whole, IPv6 as its /64, because one household holds as many as it likes."""
    address = _client(request)
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((int(address), 64), strict=False))
    return UNKNOWN if address is None else str(address)


def _client(request: HttpRequest) -> Address | None:
    """Only as many entries of X-Forwarded-For are believed as there are proxies of ours (`TRUSTED_PROXIES`), counted from the
    right: what stands further left is whatever the client wrote there.
    """
    hops = [request.META.get("REMOTE_ADDR", "")]
    if settings.TRUSTED_PROXIES:
        hops = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") + hops
    try:
        address = ipaddress.ip_address(hops[max(0, len(hops) - 1 - settings.TRUSTED_PROXIES)].strip())
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address

"""Where a request comes from, as far as limits are concerned."""

import ipaddress
from typing import Final

from django.conf import settings
from django.http import HttpRequest

UNKNOWN: Final = "unknown"


def address_of(request: HttpRequest) -> str:
    """The client's address for limits: IPv4 whole, IPv6 as its /64, because one household holds as many as it likes.

    Only as many entries of X-Forwarded-For are believed as there are proxies of ours (`TRUSTED_PROXIES`), counted from the
    right: what stands further left is whatever the client wrote there.
    """
    hops = [request.META.get("REMOTE_ADDR", "")]
    if settings.TRUSTED_PROXIES:
        hops = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") + hops
    return _grouped(hops[max(0, len(hops) - 1 - settings.TRUSTED_PROXIES)].strip())


def _grouped(text: str) -> str:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return UNKNOWN
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((int(address), 64), strict=False))
    return str(address)

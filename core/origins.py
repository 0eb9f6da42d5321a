"""Who may open a socket or post from another page: origins, compared exactly."""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import urlsplit


def same_origin(header: bytes, allowed: Collection[str]) -> bool:
    """Whether an Origin header names exactly one of the allowed origins.

    Browsers write origins in one canonical form (RFC 6454, section 6.2), so nothing is parsed or folded: `null`, user
    parts, other case, a trailing dot or slash, a written default port are all somebody else.
    """
    try:
        return header.decode("ascii") in allowed
    except UnicodeDecodeError:
        return False


def origin_of(url: str) -> str:
    """The origin of a URL as a browser would write it: scheme, host and port, the default port left out."""
    parts = urlsplit(url)
    host = (
        (parts.hostname or "").encode("idna").decode() if ":" not in (parts.hostname or "") else f"[{parts.hostname}]"
    )
    default = {"http": 80, "https": 443}.get(parts.scheme)
    port = "" if parts.port in (None, default) else f":{parts.port}"
    return f"{parts.scheme}://{host}{port}"


def origin_header(headers: Collection[tuple[bytes, bytes]]) -> bytes | None:
    """The Origin header of an ASGI scope; None if it is absent or not alone."""
    found = [value for name, value in headers if name == b"origin"]
    return found[0] if len(found) == 1 else None

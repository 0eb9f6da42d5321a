"""Closing with 1009 (too long) and 1012 (restart) under Daphne.

Autobahn's public `sendClose` takes 1000 and 3000-4999 from applications and raises for the codes that RFC 6455 and
its registry give to endpoints; a server is one. Daphne itself goes past it for 1011.
"""

from __future__ import annotations

import sys
from typing import Any


def allow_registered_codes() -> None:
    """Let sockets of a Daphne process close with any code. Nothing happens elsewhere. Repeat: harmless."""
    daphne = sys.modules.get("daphne.ws_protocol")
    if daphne is not None:
        daphne.WebSocketProtocol.serverClose = _server_close


def _server_close(protocol: Any, code: int | None = None) -> None:
    protocol.sendCloseFrame(code=1000 if code is None else code)

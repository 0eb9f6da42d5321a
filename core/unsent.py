"""How much a server has taken for a client that the client has not read.

Daphne's `send` never waits, and ASGI has no word for a client that does not read, so this looks at the connection under
Daphne's protocol: what Twisted could not yet hand to the kernel.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Final

#: Bytes that may wait for a client that asks for more. A page of the longest messages is about that much.
MOST_UNSENT: Final = 1_048_576


def unsent_by(send: Callable[..., Any]) -> Callable[[], int]:
    """Counts the bytes that wait behind this `send`; always 0 for servers that are not Daphne."""
    transport: Any = getattr(send.args[0], "transport", None) if isinstance(send, partial) and send.args else None
    if not hasattr(transport, "dataBuffer"):
        return lambda: 0

    def count() -> int:
        return int(len(transport.dataBuffer) - transport.offset + transport._tempDataLen)  # noqa: SLF001

    return count

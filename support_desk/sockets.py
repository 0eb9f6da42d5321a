"""The table of sockets. A test walks it: nothing here answers without its own proof of who is there."""

from collections.abc import Awaitable, Callable
from typing import Any

from django.urls import URLPattern

from chat.ws_urls import urlpatterns as chat_urls
from console.ws_urls import urlpatterns as console_urls

WS_URLS: list[URLPattern] = [*chat_urls, *console_urls]


async def refuse_unknown_path(
    _scope: dict[str, Any], receive: Callable[[], Awaitable[Any]], send: Callable[[dict[str, Any]], Awaitable[None]]
) -> None:
    """Close sockets that nobody serves; without it an unknown path would end in a traceback."""
    await receive()
    await send({"type": "websocket.close", "code": 4404})

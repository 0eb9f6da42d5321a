"""The customers' socket."""

from typing import Any, cast

from django.urls import path

from chat.sockets import CustomerSocket

#: Django's table of addresses takes any callable; its types know views only.
urlpatterns = [path("ws/chat/", cast(Any, CustomerSocket.as_asgi()))]

"""The agents' socket."""

from django.urls import path

from console.sockets import AgentSocket

urlpatterns = [path("ws/console/", AgentSocket.as_asgi())]  # type: ignore[arg-type]  # an ASGI app, routed by Channels

"""The customers' socket."""

from django.urls import path

from chat.sockets import CustomerSocket

urlpatterns = [path("ws/chat/", CustomerSocket.as_asgi())]

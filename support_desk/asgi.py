"""The ASGI application: pages through Django, sockets through our own plain ASGI apps."""

import gc
import os
import sys
from typing import Any, cast

import django
from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application
from django.urls import re_path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "support_desk.settings")
django.setup()

from support_desk.draining import drain_before_shutdown  # noqa: E402 - needs the apps
from support_desk.sockets import WS_URLS, refuse_unknown_path  # noqa: E402 - needs the apps
from support_desk.starting import refuse_unsafe_process  # noqa: E402 - needs the apps

refuse_unsafe_process()
drain_before_shutdown()

# What was loaded so far lives as long as the process: collections need not look at it, and may come less often.
gc.collect()
gc.freeze()
gc.set_threshold(20_000, 20, 50)
# The event loop and the thread that commits take turns many times a message; at 5 ms each would often wait for the other.
sys.setswitchinterval(0.0005)

application = ProtocolTypeRouter(
    {
        "http": get_asgi_application(),
        "websocket": URLRouter([*WS_URLS, re_path(r"", cast(Any, refuse_unknown_path))]),
    }
)

"""Pages for the machines that look after this one."""

from django.urls import path

from core import health, metrics

urlpatterns = [
    path("healthz/live", health.live, name="live"),
    path("healthz/ready", health.ready, name="ready"),
    path("metrics", metrics.metrics, name="metrics"),
]

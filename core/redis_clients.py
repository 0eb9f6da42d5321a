"""The plain Redis client for health; hub and limits have their own, tuned to what they do."""

from __future__ import annotations

import redis
from django.conf import settings
from redis.exceptions import RedisError

from core.per_process import PerProcess

#: Seconds after which Redis counts as away.
PATIENCE = 0.5


def _make() -> redis.Redis:
    return redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE, retry=None
    )


_client = PerProcess(_make)


def answers() -> bool:
    """Whether Redis answers a PING in time."""
    try:
        return bool(_client().ping())
    except (RedisError, OSError):
        return False

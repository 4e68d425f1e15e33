"""Probes: is the process alive, and can it serve?"""

import time
from typing import Literal

from django.conf import settings
from django.core.cache import cache
from django.db import connections
from django.http import HttpRequest, HttpResponse, JsonResponse
from django_redis.exceptions import ConnectionInterrupted
from redis.exceptions import RedisError

from apps.core.guards import public
from apps.core.patience import Patience

State = Literal["ok", "down", "not configured"]
# A probe is to answer within a second, a frozen database notwithstanding; a frozen Redis takes 0.4 s.
PATIENCE = Patience(0.5)


@public
def alive(request: HttpRequest) -> HttpResponse:
    """Whether this process answers. It asks nothing else: a restart heals no database."""
    return HttpResponse("ok\n", content_type="text/plain")


@public
def ready(request: HttpRequest) -> JsonResponse:
    """Whether contestants can be served. Redis is reported, not required: everything works without it."""
    database = database_state()
    status = 200 if database == "ok" else 503
    return JsonResponse({"database": database, "redis": redis_state()}, status=status)


def database_state() -> State:
    return "down" if database_milliseconds() is None else "ok"


def database_milliseconds() -> float | None:
    """How long a new connection takes to answer; None if it does not. It is asked in another thread."""
    return PATIENCE.ask(ask_database, instead=None)


def ask_database() -> float | None:
    started = time.perf_counter()
    connection = connections.create_connection("default")
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    finally:
        connection.close()
    return (time.perf_counter() - started) * 1000


def redis_state() -> State:
    if not settings.REDIS_URL:
        return "not configured"
    try:
        cache.set("readyz", 1, timeout=5)
    except (ConnectionInterrupted, RedisError):
        return "down"
    return "ok"

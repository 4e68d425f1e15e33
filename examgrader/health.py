"""Probes: is the process alive, and can it serve?"""

from typing import Literal

from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django_redis.exceptions import ConnectionInterrupted
from redis.exceptions import RedisError

from apps.core.guards import public

State = Literal["ok", "down", "not configured"]


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
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return "down"
    return "ok"


def redis_state() -> State:
    if not settings.REDIS_URL:
        return "not configured"
    try:
        cache.set("readyz", 1, timeout=5)
    except (ConnectionInterrupted, RedisError):
        return "down"
    return "ok"

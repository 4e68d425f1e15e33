"""Probes: is the process alive, and can it serve?"""

from django.core.cache import cache
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse

from apps.core.guards import public


@public
def alive(request: HttpRequest) -> HttpResponse:
    """Whether this process answers. It asks nothing else: a restart heals no database."""
    return HttpResponse("ok\n", content_type="text/plain")


@public
def ready(request: HttpRequest) -> JsonResponse:
    """Whether contestants can be served. Redis is reported, not required: everything works without it."""
    state = {"database": database_answers(), "redis": cache_answers()}
    return JsonResponse(state, status=200 if state["database"] else 503)


def database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True


def cache_answers() -> bool:
    try:
        cache.set("readyz", 1, timeout=5)
    except Exception:  # noqa: BLE001 - whatever a broken cache raises, the answer is the same
        return False
    return True

"""One line for each request, and the id that connects what is said about it."""

import re
import secrets
import time
from collections.abc import Callable
from typing import Any

import structlog
from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from apps.core.throttle import is_among, trusted_networks

log = structlog.stdlib.get_logger("examgrader.requests")

ID = re.compile(r"[A-Za-z0-9_.-]{8,64}")
# More than a hundred calls a second, each of which is a row in the database and a count in /metrics already:
# a line each would only hide the others, and fill a disk on the day of the exam. What fails is told.
# "none" are static files, which are found before any route is.
UNTOLD_WHEN_WELL = ("submissions:save", "api:save", "healthz", "readyz", "metrics", "none")
REFUSED, FAILED = 400, 500


class RequestLogMiddleware:
    """The outermost: it gives the request its id, and tells how it ended by the route's name.

    Never the path, which may hold a receipt's code; never who, only of which kind.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        started = time.perf_counter()
        request_id = id_of(request)
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        response = self.get_response(request)
        response.headers["X-Request-ID"] = request_id
        route = route_of(request)
        if response.status_code >= REFUSED or route not in UNTOLD_WHEN_WELL:
            tell = log.error if response.status_code >= FAILED else log.info
            tell(
                "request",
                route=route,
                method=request.method if request.method in METHODS else "other",
                status=response.status_code,
                ms=round((time.perf_counter() - started) * 1000, 1),
                actor=actor_of(request),
            )
        return response


METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


def id_of(request: HttpRequest) -> str:
    """Our proxy's id, so that its log and ours can be put side by side; anybody else's is not taken."""
    sent: str = request.META.get("HTTP_X_REQUEST_ID", "")  # `request.headers` is made of all of them
    if sent and ID.fullmatch(sent):
        peer = request.META.get("REMOTE_ADDR", "")
        if is_among(peer, trusted_networks(tuple(settings.TRUSTED_PROXIES))):
            return sent
    return secrets.token_hex(8)


def route_of(request: HttpRequest) -> str:
    match = request.resolver_match
    if match is None:
        return "none"
    return match.view_name or "unnamed"


def actor_of(request: HttpRequest) -> str:
    """Of which kind: contestant, staff, or nobody known. It looks at what is known and asks nothing."""
    if hasattr(request, "contestant"):
        return "contestant"
    # Django keeps the user there once somebody asked for it; asking ourselves would cost queries.
    user: Any = request.__dict__.get("_cached_user") or request.__dict__.get("user")
    known = user.__dict__ if user is not None else {}
    if known.get("is_staff"):
        return "staff"
    return "contestant" if known.get("registration_id") or known.get("contestant_id") else "anonymous"

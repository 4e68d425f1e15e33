"""When a process cannot keep up, what can wait is refused at once, so that no answer has to wait behind it.

Every process looks at itself only: how long did this request wait for a thread? Where that is long, the
queue holds more than can be served, and who is refused now is told when to come again. What is refused
first is what costs most and hurries least; saving and handing in are never refused (`urgency.py`).
"""

import random
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string

from apps.core import waiting
from apps.core.problems import problem
from examgrader.urgency import is_never_refused


@dataclass(frozen=True)
class Kind:
    """Requests that are refused together; `SHED_AFTER_SECONDS` says how long they may have waited."""

    name: str
    path: re.Pattern[str] | None = None
    retry_seconds: int = 5

    def holds(self, request: HttpRequest) -> bool:
        return self.path is None or self.path.match(request.path) is not None


REPORTS = "reports"
# The first that fits.
KINDS = (
    Kind(
        REPORTS,
        re.compile(
            r"/console/.*(results|export|import|statistics|history|roster|preview)"
            r"|/api/v1/exams/\d+/(results|publications)/"
        ),
        retry_seconds=10,
    ),
    Kind("console", re.compile(r"/(console|admin)/|/api/v1/(exams|grading|token/(refresh/)?$)")),
    Kind(
        "entry",
        re.compile(r"/$|/(enter|leave)/|/exam/(start|choose)/|/api/v1/(token/key|me/start)/"),
        retry_seconds=2,
    ),
    Kind("reads"),
)


class SheddingMiddleware:
    """Refuses what waited too long for its kind, and reports beyond their share of the threads."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        # Reports may hang on the database for seconds: however many come, other threads stay free.
        self.report_places = threading.BoundedSemaphore(settings.REPORTS_AT_ONCE)

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if is_never_refused(request.method, request.path):
            return self.get_response(request)
        kind = kind_of(request)
        if waiting.waited() > settings.SHED_AFTER_SECONDS[kind.name]:
            return refusal(request, kind)
        if kind.name != REPORTS:
            return self.get_response(request)
        if not self.report_places.acquire(blocking=False):
            return refusal(request, kind)
        try:
            return self.get_response(request)
        finally:
            self.report_places.release()


def kind_of(request: HttpRequest) -> Kind:
    return next(kind for kind in KINDS if kind.holds(request))


def refusal(request: HttpRequest, kind: Kind) -> HttpResponse:
    """503 with the time to come again: to programs as problem details, to people as a page."""
    if request.path.startswith("/api/") or "application/json" in request.headers.get("Accept", ""):
        response: HttpResponse = problem(503, "busy", "The server is busy. Try again in a few seconds.")
    else:
        response = HttpResponse(busy_page(), status=503)
        if request.method in ("GET", "HEAD"):
            # The browser comes again by itself, and not all browsers at once.
            again = kind.retry_seconds + random.randrange(kind.retry_seconds)  # noqa: S311 - spreads a crowd
            response.headers["Refresh"] = str(again)
    response.headers["Retry-After"] = str(kind.retry_seconds)
    response.headers["Content-Length"] = str(len(response.content))
    return response


@lru_cache(maxsize=1)
def busy_page() -> str:
    """Rendered once: who has no time to serve has no time to render."""
    return render_to_string("503.html")

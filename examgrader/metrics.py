"""`/metrics` for Prometheus: what the apps count, and what is read once per scrape (docs/metrics.md).

Each worker process counts in files of its own (PROMETHEUS_MULTIPROC_DIR, which gunicorn.conf.py makes); the
one that is asked adds them up. What is read from the database or the machine is asked for at that moment,
by that one process.
"""

import hmac
import os
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.db import connections
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django_prometheus.middleware import PrometheusAfterMiddleware, PrometheusBeforeMiddleware
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector

from apps.core.guards import guarded_by
from apps.core.patience import Patience
from apps.core.throttle import is_among, origin, trusted_networks
from apps.grading.selectors.vitals import GradingNow, get_grading_now
from apps.submissions.selectors.sitting_now import SittingNow, get_sitting_now
from apps.submissions.selectors.vitals import get_receipt_count
from examgrader import health, machine

PATIENCE = Patience(2.0)
SCHEME = "Bearer "
# The save path counts for itself, after its answer; django-prometheus' dozen of counters would come before.
UNCOUNTED = ("/exam/save/", "/api/v1/me/save/", "/metrics")


@guarded_by("token")
def metrics(request: HttpRequest) -> HttpResponse:
    """For whoever asks from METRICS_FROM or knows METRICS_TOKEN; for everybody else there is no such page."""
    if request.method not in ("GET", "HEAD") or not may_scrape(request):
        raise Http404
    registry = CollectorRegistry(auto_describe=False)
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    else:
        registry.register(REGISTRY)
    registry.register(Facts())
    response = HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
    response.headers["Cache-Control"] = "no-store"
    return response


def may_scrape(request: HttpRequest) -> bool:
    """By the token, or by address.

    A proxy that nobody named in TRUSTED_PROXIES sits on an address of ours, and asks for the whole world: a
    request that names an origin which we may not believe is not let in by its address.
    """
    sent = request.headers.get("Authorization", "")
    token = settings.METRICS_TOKEN
    if token and hmac.compare_digest(sent.encode(), f"{SCHEME}{token}".encode()):
        return True
    address, peer = origin(request), request.META.get("REMOTE_ADDR", "")
    is_hidden = address == peer and any(
        name in request.headers for name in ("X-Forwarded-For", "X-Forwarded-Proto", "Forwarded", "X-Real-IP")
    )
    return not is_hidden and is_among(address, trusted_networks(tuple(settings.METRICS_FROM)))


class Facts:
    """What is read at the moment of the scrape, in a fixed number of queries."""

    def collect(self) -> Iterable[GaugeMetricFamily]:
        now = datetime.now(tz=UTC)
        found = PATIENCE.ask(lambda: read_database(now), instead=None)
        yield gauge("examgrader_database_up", "Whether the database answered in time.", found is not None)
        redis = health.redis_state()
        if redis != "not configured":
            yield gauge("examgrader_redis_up", "Whether Redis answered.", redis == "ok")
        if found is not None:
            yield from sitting_gauges(*found, now)
            yield from grading_gauges(found[1], now)
        yield from machine_gauges()


def read_database(now: datetime) -> tuple[SittingNow, GradingNow, int]:
    """Asked in a thread of its own, whose connection ends with it."""
    try:
        return get_sitting_now(None, now), get_grading_now(), get_receipt_count()
    finally:
        connections.close_all()


def gauge(name: str, meaning: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, meaning, value=float(value))


def labelled(name: str, meaning: str, label: str, values: dict[str, float]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, meaning, labels=[label])
    for key, value in values.items():
        family.add_metric([key], value)
    return family


def sitting_gauges(
    sitting: SittingNow, _: GradingNow, receipts: int, now: datetime
) -> Iterable[GaugeMetricFamily]:
    yield gauge("examgrader_papers_open", "Papers that take saves now, testers' aside.", sitting.open_papers)
    yield gauge(
        "examgrader_papers_silent",
        "Open papers that were not heard for over 60 s.",
        sitting.silent_papers,
    )
    yield gauge(
        "examgrader_contestants_active",
        "Contestants with an open paper that was heard in the last 60 s.",
        sitting.open_papers - sitting.silent_papers,
    )
    yield gauge(
        "examgrader_heartbeats_known",
        "Whether Redis tells who was heard; 0: only saves are known, and silence may be thinking.",
        sitting.hears,
    )
    saves = sum(exam.saves_last_minute for exam in sitting.exams)
    yield gauge("examgrader_saves_last_minute", "Edits committed in the last whole minute.", saves)
    if sitting.next_deadline is not None:
        yield gauge(
            "examgrader_next_deadline_timestamp_seconds",
            "When the next open paper's time is up, as Unix time; missing while none is open.",
            sitting.next_deadline.timestamp(),
        )
        yield gauge(
            "examgrader_next_deadline_seconds",
            "Seconds until then; missing while no paper is open.",
            (sitting.next_deadline - now).total_seconds(),
        )
    yield gauge("examgrader_receipts", "Receipts issued so far.", receipts)


def grading_gauges(grading: GradingNow, now: datetime) -> Iterable[GaugeMetricFamily]:
    yield labelled("examgrader_grading_tasks", "Grading tasks by status.", "status", dict(grading.tasks))
    oldest = 0.0 if grading.oldest_claim is None else (now - grading.oldest_claim).total_seconds()
    yield gauge(
        "examgrader_oldest_lease_seconds",
        "How long the claimed grading task that waits longest has been held; 0: none is.",
        oldest,
    )


def machine_gauges() -> Iterable[GaugeMetricFamily]:
    disks = machine.disks()
    yield labelled(
        "examgrader_disk_free_bytes", "Room left on a file system.", "disk", {d.name: d.free for d in disks}
    )
    yield labelled("examgrader_disk_size_bytes", "Its size.", "disk", {d.name: d.size for d in disks})
    if settings.BACKUP_STAMP:
        at = machine.backed_up_at()
        yield gauge(
            "examgrader_backup_timestamp_seconds",
            "When the last good backup ended, as Unix time; 0: never. Missing without BACKUP_STAMP.",
            0.0 if at is None else at.timestamp(),
        )
    release = GaugeMetricFamily("examgrader_release", "Always 1; says what runs.", labels=["version"])
    release.add_metric([settings.VERSION], 1.0)
    yield release


class CountBefore(PrometheusBeforeMiddleware):  # type: ignore[misc]
    """django-prometheus' outer half, but not on the save path."""

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        answer: HttpResponseBase = (
            self.get_response(request) if request.path in UNCOUNTED else super().__call__(request)
        )
        return answer


class CountAfter(PrometheusAfterMiddleware):  # type: ignore[misc]
    """Its inner half, but not on the save path; and a method that somebody made up is no label."""

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        answer: HttpResponseBase = (
            self.get_response(request) if request.path in UNCOUNTED else super().__call__(request)
        )
        return answer

    def process_view(self, request: HttpRequest, *details: Any) -> None:
        if request.path not in UNCOUNTED:
            super().process_view(request, *details)

    def process_exception(self, request: HttpRequest, exception: Exception) -> None:
        if request.path not in UNCOUNTED:
            super().process_exception(request, exception)

    def process_template_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        """Template names say nothing that the view's name does not, and the console's are long lists."""
        return response

    def label_metric(self, metric: Any, request: HttpRequest, response: Any = None, **labels: str) -> Any:
        if "method" in labels:
            labels["method"] = self._method(request)
        return super().label_metric(metric, request, response, **labels)

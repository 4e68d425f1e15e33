"""The page for the person on call: is work arriving, who is silent, what comes next, what is down.

It shows what Prometheus' alerts watch, for those who have no Prometheus or are not at it, and works without
Redis: then it says what it does not know.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.timesince import timesince
from django.views.decorators.http import require_safe

from apps.core import breaker
from apps.core.counting import counted
from apps.core.guards import guarded_by
from apps.exams.gate import staff_of
from apps.exams.rules import roles
from apps.submissions.selectors.sitting_now import SittingNow, get_sitting_now
from examgrader import health, machine

REFRESH_SECONDS = 15
# From here on something is told as a worry; the alerts of deploy/prometheus/alerts.yml have the same limits.
ENOUGH_PAPERS = 20
OLD_BACKUP = timedelta(hours=26)
LITTLE_ROOM_PERCENT = 15


@dataclass(frozen=True, slots=True)
class Machine:
    """What all exams stand on. It holds no word of any exam, so whoever watches one may see it."""

    database_ms: float | None
    redis: health.State
    redis_rests: bool
    knows_backups: bool
    backed_up_at: datetime | None
    disks: Sequence[machine.Disk]
    release: str


@guarded_by("staff")
@require_safe
def on_call(request: HttpRequest) -> TemplateResponse:
    """For whoever watches a sitting, with the exams they watch: organisers, proctors, superusers."""
    user = staff_of(request)
    if not user.has_perm(roles.WATCH):
        raise PermissionDenied
    now = timezone.now()
    sitting, below = get_sitting_now(user, now), get_machine()
    context = {
        **admin.site.each_context(request),
        "title": "On call",
        "sitting": sitting,
        "machine": below,
        "worries": list(worries(sitting, below)),
        "still": "still" in request.GET,
        "seconds": REFRESH_SECONDS,
    }
    response = TemplateResponse(request, "admin/on_call.html", context)
    response.headers["Cache-Control"] = "no-store, private"
    if not context["still"]:
        response.headers["Refresh"] = str(REFRESH_SECONDS)
    return response


def get_machine() -> Machine:
    return Machine(
        database_ms=health.database_milliseconds(),
        redis=health.redis_state(),
        redis_rests=breaker.redis.is_open,
        knows_backups=bool(settings.BACKUP_STAMP),
        backed_up_at=machine.backed_up_at(),
        disks=machine.disks(),
        release=settings.VERSION,
    )


def worries(sitting: SittingNow, below: Machine) -> Iterable[str]:
    """What should not wait, in sentences; none: all is well."""
    if below.database_ms is None:
        yield "PostgreSQL does not answer a new connection in time."
    for exam in sitting.exams:
        if exam.open_papers > ENOUGH_PAPERS and exam.saves_last_minute == 0:
            yield f"{exam.title}: {exam.open_papers} papers are open and nobody saved in the last minute."
        if sitting.hears and exam.silent:
            yield f"{exam.title}: {counted(len(exam.silent), 'contestant')} not heard for over 60 s."
    if below.redis == "down":
        yield "Redis does not answer. Everything works without it; heartbeats are not known."
    if below.knows_backups and below.backed_up_at is None:
        yield "No backup has ended well yet."
    elif below.backed_up_at is not None and sitting.now - below.backed_up_at > OLD_BACKUP:
        yield f"The last good backup is {timesince(below.backed_up_at, sitting.now, depth=1)} old."
    for disk in below.disks:
        if disk.free_percent < LITTLE_ROOM_PERCENT:
            yield f"The disk of the {disk.name} has only {disk.free_percent} % left."

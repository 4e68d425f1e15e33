"""How grading goes at this moment, over all exams, for /metrics: in one query."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Min, Q

from apps.grading.enums import TaskStatus
from apps.grading.models import GradingTask


@dataclass(frozen=True, slots=True)
class GradingNow:
    """Tasks by status; and when the lease that has waited longest was taken."""

    tasks: dict[str, int]
    oldest_claim: datetime | None


def get_grading_now() -> GradingNow:
    counts = {status.value: Count("pk", filter=Q(status=status)) for status in TaskStatus}
    found = GradingTask.objects.aggregate(
        oldest=Min("claimed_at", filter=Q(status=TaskStatus.CLAIMED)), **counts
    )
    return GradingNow(
        tasks={status.value: found[status.value] for status in TaskStatus}, oldest_claim=found["oldest"]
    )

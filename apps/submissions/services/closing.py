"""Recording what time has closed. "Closed" itself is derived from the time by whoever asks."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta

from apps.submissions.models import Submission
from apps.submissions.services import submitting

MARGIN = timedelta(seconds=60)


def close_overdue(*, now: datetime, progress: Callable[[list[int]], Iterator[int]] = iter) -> int:
    """Close every paper whose deadline and grace are past by a minute; return how many.

    Each paper is closed in a transaction of its own, so that it may be stopped at any moment and run
    again, also beside itself.
    """
    overdue = Submission.objects.filter(submitted_at=None).closed_at(now - MARGIN)
    closed_count = 0
    for submission_id in progress(list(overdue.order_by("deadline_at").values_list("pk", flat=True))):
        # A paper whose deadline was moved meanwhile is open again: it is left alone.
        with suppress(submitting.StillOpen):
            submitting.close_by_time(submission_id=submission_id, now=now, margin=MARGIN)
            closed_count += 1
    return closed_count

"""The next answers claimed before a grader asks, so that their pages are there when one is done."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from apps.grading.enums import TaskStatus
from apps.grading.models import GradingTask
from apps.grading.services.queueing import run_claim, set_free

# Short: whoever closes the lid of the computer keeps nobody waiting for what they have not even seen.
AHEAD_LEASE = timedelta(minutes=3)
# As long as the page counts on an answer it was promised; it asks again every minute.
PROMISED = timedelta(seconds=100)
AHEAD = 2


@dataclass(frozen=True, slots=True)
class Ahead:
    """`shown_until` is the end of the claim on the answer that is looked at; None if it is not theirs."""

    shown_until: datetime | None
    task_ids: Sequence[int]


def claim_ahead(
    *,
    exam_id: int,
    grader: AbstractBaseUser,
    shown: int,
    now: datetime,
    problem_id: int | None = None,
    given_back: bool = False,
) -> Ahead:
    """Keep the answer on the screen for the grader, and claim the next ones for a short while.

    Nothing here waits for a lock: a row that is locked is being saved, handed on or published.
    """
    claimed = run_claim(
        exam_id=exam_id,
        grader=grader,
        now=now,
        problem_id=problem_id,
        given_back=given_back,
        count=AHEAD,
        lease=AHEAD_LEASE,
        long_enough=PROMISED,
        shown=shown,
    )
    until = dict(claimed).get(shown)
    if until is None:
        # Locked at this moment, or not theirs any more.
        mine = GradingTask.objects.filter(exam_id=exam_id, status=TaskStatus.CLAIMED, grader=grader.pk)
        until = mine.filter(pk=shown).values_list("claimed_until", flat=True).first()
    return Ahead(shown_until=until, task_ids=[task_id for task_id, _ in claimed if task_id != shown])


@transaction.atomic
def release_ahead(*, exam_id: int, task_ids: Collection[int], grader: AbstractBaseUser, now: datetime) -> int:
    """Free what was claimed ahead and never looked at; nobody gave anything back. Return how many."""
    claimed = GradingTask.objects.filter(
        exam_id=exam_id, pk__in=task_ids, claimed_until__lte=now + AHEAD_LEASE
    )
    freed = list(
        claimed.filter(status=TaskStatus.CLAIMED, grader=grader.pk)
        .select_for_update(skip_locked=True, no_key=True)
        .values_list("pk", flat=True)
    )
    set_free(freed)
    return len(freed)

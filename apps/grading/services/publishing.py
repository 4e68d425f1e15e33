"""Publishing results, all at once and frozen, and taking them back."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from apps.core.errors import RuleViolation
from apps.exams.enums import ExamStatus
from apps.exams.models import Exam
from apps.grading.models import GradingTask, Publication, Result
from apps.grading.selectors.readiness import count_who_could_still_start, list_missing
from apps.grading.selectors.tally import TallyRow, list_tally
from apps.submissions.models import Submission

ROWS_AT_ONCE = 500


class WorkUnfinished(RuleViolation):
    """Carries the sentences that name what is missing."""

    message = "The results cannot be published yet."
    code = "work_unfinished"

    def __init__(self, missing: Sequence[str]) -> None:
        super().__init__("\n".join([self.message, *missing]))
        self.missing = list(missing)

    @property
    def members(self) -> dict[str, Any]:
        return {"missing": self.missing}


class PublishedMeanwhile(RuleViolation):
    message = "The results were published or withdrawn in the meantime. Look at them before you go on."
    code = "published_meanwhile"


class NothingPublished(RuleViolation):
    message = "No results of this exam are published."
    code = "nothing_published"


class WithdrawalReasonMissing(RuleViolation):
    message = "Say why the results are withdrawn."
    code = "reason_missing"
    status = 400


@transaction.atomic
def publish_results(
    *, exam_id: int, actor: AbstractBaseUser | None, now: datetime, newest_seen: int | None = None
) -> Publication:
    """Freeze totals and ranks as the exam's next publication; contestants see them from the commit on.

    Whoever could still start an open time block no longer can: the exam is closed.
    `newest_seen` is the newest publication the organiser knew of (0: none); another one in between is a
    refusal, so that pressing twice does not publish twice.
    """
    exam = Exam.objects.select_for_update(no_key=True).get(pk=exam_id)
    hold_still(exam_id)
    newest = newest_number(exam_id)
    if newest_seen is not None and newest_seen != newest:
        raise PublishedMeanwhile
    missing = list_missing(exam, now)
    if missing:
        raise WorkUnfinished(missing)
    close_entry(exam, now)
    publication = Publication.objects.create(
        exam=exam,
        number=newest + 1,
        published_at=now,
        published_by_id=actor.pk if actor else None,
    )
    Result.objects.bulk_create(
        (freeze(publication, row) for row in list_tally(exam_id)),
        batch_size=ROWS_AT_ONCE,
    )
    return publication


def close_entry(exam: Exam, now: datetime) -> None:
    """Whoever has not started by now counts as absent, so nobody may start after reading the results."""
    if count_who_could_still_start(exam, now):
        exam.status = ExamStatus.CLOSED
        exam.version += 1
        exam.save(update_fields=["status", "version"])


def freeze(publication: Publication, row: TallyRow) -> Result:
    # Not `asdict`, which copies every text again: with 1,500 papers that took longer than all the rest.
    return Result(publication=publication, **{one.name: getattr(row, one.name) for one in fields(row)})


def hold_still(exam_id: int) -> None:
    """Lock every task, then every paper of the exam: no score changes and no paper reopens until we are done.

    In the order in which scoring locks them. A score that is being written is waited for; one that
    comes later waits for us.
    """
    for rows in (
        GradingTask.objects.filter(exam_id=exam_id),
        Submission.objects.filter(registration__exam_id=exam_id),
    ):
        list(rows.order_by("pk").select_for_update(of=("self",), no_key=True).values_list("pk", flat=True))


@transaction.atomic
def withdraw_results(
    *,
    exam_id: int,
    actor: AbstractBaseUser | None,
    reason: str,
    now: datetime,
    newest_seen: int | None = None,
) -> int:
    """Hide the results from the next request on, and say why; return the number of what was withdrawn.

    Older publications go with the newest: none of them may show up in its place. With `newest_seen` a
    newer publication in between is a refusal.
    """
    Exam.objects.select_for_update(no_key=True).get(pk=exam_id)
    if not reason.strip():
        raise WithdrawalReasonMissing
    standing = Publication.objects.filter(exam_id=exam_id).standing()
    newest = standing.first()
    if newest is None:
        raise NothingPublished
    if newest_seen is not None and newest_seen != newest.number:
        raise PublishedMeanwhile
    standing.order_by().update(
        withdrawn_at=now, withdrawn_by_id=actor.pk if actor else None, withdrawn_reason=reason.strip()
    )
    return newest.number


def newest_number(exam_id: int) -> int:
    return (
        Publication.objects.filter(exam_id=exam_id)
        .order_by("-number")
        .values_list("number", flat=True)
        .first()
        or 0
    )

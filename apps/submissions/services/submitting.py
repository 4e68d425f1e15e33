"""Handing in: a paper is closed by its contestant, or by time, and a receipt says what it held."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.db.models.expressions import RawSQL

from apps.core.errors import RuleViolation
from apps.submissions.enums import SubmittedBy
from apps.submissions.models import Answer, Receipt, Submission
from apps.submissions.rules import receipts
from apps.submissions.rules.receipts import AnswerHeld, PaperHeld

# A save that arrived in time may still wait for its lock; `statement_timeout` is 5 s. Closing earlier than
# this after the grace would refuse it.
LONGEST_SAVE = timedelta(seconds=6)


class SubmissionClosed(RuleViolation):
    """Time ran out before the paper was handed in; what was saved counts."""

    message = "Time is up. What you saved counts."
    code = "paper_closed"
    status = 403


class StillOpen(RuleViolation):
    """Time has not run out for this paper."""

    message = "This paper is still open."
    code = "paper_open"


def submit_paper(*, submission_id: int, now: datetime) -> Receipt:
    """Hand the paper in and sign what it holds; handing in again returns the same receipt.

    Refuses with `SubmissionClosed` after deadline and grace.
    """
    with transaction.atomic():
        # The UPDATE re-checks its WHERE after waiting for a lock: a paper closed meanwhile is not changed.
        waiting = Submission.objects.accepting_at(now).filter(pk=submission_id)
        if waiting.update(submitted_at=now, submitted_by=SubmittedBy.CONTESTANT):
            return issue_receipt(submission_id=submission_id, now=now)
    return newest_receipt(submission_id, SubmissionClosed)


def close_by_time(*, submission_id: int, now: datetime, margin: timedelta = LONGEST_SAVE) -> Receipt:
    """Record that time closed a paper, `margin` after deadline and grace; again: the same receipt.

    Refuses with `StillOpen` before that. Nothing waits for this to be recorded: everybody derives
    "closed" from the time.
    """
    with transaction.atomic():
        overdue = Submission.objects.filter(pk=submission_id, submitted_at=None).closed_at(now - margin)
        if overdue.update(submitted_at=F("deadline_at"), submitted_by=SubmittedBy.TIME):
            return issue_receipt(submission_id=submission_id, now=now)
    return newest_receipt(submission_id, StillOpen)


def newest_receipt(submission_id: int, otherwise: type[RuleViolation]) -> Receipt:
    """The receipt of a paper that is closed; without one the paper was not closed, which is refused."""
    receipt = Receipt.objects.filter(
        submission_id=submission_id, submission__submitted_at__isnull=False
    ).last()
    if receipt is None:
        raise otherwise
    return receipt


def issue_receipt(*, submission_id: int, now: datetime) -> Receipt:
    """Sign what a paper holds, inside the transaction that closes it."""
    rows = list(
        Answer.objects.filter(submission_id=submission_id)
        .annotate(
            # An uncorrelated subquery is run once: one number for all rows.
            next_number=RawSQL("(SELECT nextval(pg_get_serial_sequence('submissions_receipt', 'id')))", [])
        )
        .select_related("submission__registration__exam", "submission__registration__contestant")
        .order_by("number")
    )
    paper, number = rows[0].submission, rows[0].next_number  # type: ignore[attr-defined]  # annotated
    code = receipts.new_code()
    body = receipts.write_body(
        number=number,
        code=code,
        paper=PaperHeld(
            exam=paper.registration.exam.slug,
            contestant=paper.registration.contestant.public_number,
            started_at=paper.started_at,
            deadline_at=paper.deadline_at,
            submitted_at=paper.submitted_at or now,
            submitted_by=paper.submitted_by,
        ),
        answers=[AnswerHeld(answer.number, answer.revision, answer.text) for answer in rows],
    )
    return Receipt.objects.create(
        pk=number,
        submission=paper,
        code=code,
        body=body,
        digest=receipts.sha256(body),
        signature=receipts.sign(body, settings.RECEIPT_SIGNING_KEY),
        issued_at=now,
    )

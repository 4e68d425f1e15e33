"""Handing in: a paper is closed by its contestant, or by time, and a receipt says what it held."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction

from apps.access.rules.people import printed_number
from apps.core.errors import RuleViolation
from apps.submissions import metrics
from apps.submissions.enums import SubmittedBy
from apps.submissions.models import Receipt
from apps.submissions.rules import receipts
from apps.submissions.rules.receipts import AnswerHeld, PaperHeld
from apps.submissions.services.close_statement import HAND_IN, HAND_IN_OWN, RECORD_END

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


class NotStarted(RuleViolation):
    """There is no paper to hand in."""

    message = "This paper is not started."
    code = "not_started"
    status = 404


def submit_paper(*, submission_id: int, now: datetime) -> Receipt:
    """Hand the paper in and sign what it holds; handing in again returns the same receipt.

    Refuses with `NotStarted`, and with `SubmissionClosed` after deadline and grace.
    """
    return close_for_contestant(HAND_IN, submission_id, now)


def submit_own_paper(*, registration_id: int, now: datetime) -> Receipt:
    """The same for a contestant who is known by the registration: nobody has to find the paper first."""
    return close_for_contestant(HAND_IN_OWN, registration_id, now)


def close_for_contestant(statement: str, paper: int, now: datetime) -> Receipt:
    with transaction.atomic():
        closed = close(statement, paper=paper, by=SubmittedBy.CONTESTANT, now=now)
        if closed.paper is not None:
            metrics.HAND_IN_MARGIN.observe((closed.paper.deadline_at - now).total_seconds())
            return issue_receipt(closed, now=now)
    return newest_receipt(closed.submission_id, SubmissionClosed)


def close_by_time(*, submission_id: int, now: datetime, margin: timedelta = LONGEST_SAVE) -> Receipt:
    """Record that time closed a paper, `margin` after deadline and grace; again: the same receipt.

    Refuses with `StillOpen` before that. Nothing waits for this to be recorded: everybody derives
    "closed" from the time.
    """
    with transaction.atomic():
        closed = close(RECORD_END, paper=submission_id, by=SubmittedBy.TIME, now=now - margin)
        if closed.paper is not None:
            return issue_receipt(closed, now=now)
    return newest_receipt(closed.submission_id, StillOpen)


@dataclass(frozen=True)
class Closed:
    """A paper, and what it held if this very call closed it."""

    submission_id: int
    receipt_number: int
    paper: PaperHeld | None
    answers: tuple[AnswerHeld, ...]


def close(statement: str, *, paper: int, by: SubmittedBy, now: datetime) -> Closed:
    """Run one of the closing statements; refuses with `NotStarted` if there is no such paper."""
    with connection.cursor() as cursor:
        cursor.execute(statement, {"id": paper, "by": by.value, "now": now})
        rows = cursor.fetchall()
    if not rows:
        raise NotStarted
    submission_id, receipt_number, exam, contestant, started_at, deadline_at, submitted_at = rows[0][:7]
    if receipt_number is None:
        return Closed(submission_id, 0, None, ())
    held = PaperHeld(
        exam=exam,
        contestant=printed_number(contestant),
        started_at=started_at,
        deadline_at=deadline_at,
        submitted_at=submitted_at,
        submitted_by=by.value,
    )
    return Closed(
        submission_id, receipt_number, held, tuple(AnswerHeld(*row[7:]) for row in rows if row[7] is not None)
    )


def newest_receipt(submission_id: int, otherwise: type[RuleViolation]) -> Receipt:
    """The receipt of a paper that is closed; without one the paper was not closed, which is refused."""
    receipt = Receipt.objects.filter(
        submission_id=submission_id, submission__submitted_at__isnull=False
    ).last()
    if receipt is None:
        raise otherwise
    return receipt


def issue_receipt(closed: Closed, *, now: datetime) -> Receipt:
    """Sign what a paper holds, inside the transaction that closes it."""
    assert closed.paper is not None  # noqa: S101 - only what this call closed has a number
    code = receipts.new_code()
    body = receipts.write_body(
        number=closed.receipt_number, code=code, paper=closed.paper, answers=closed.answers
    )
    return Receipt.objects.create(
        pk=closed.receipt_number,
        submission_id=closed.submission_id,
        code=code,
        body=body,
        digest=receipts.sha256(body),
        signature=receipts.sign(body, settings.RECEIPT_SIGNING_KEY),
        issued_at=now,
    )

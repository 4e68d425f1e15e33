"""Moving a deadline: by how much, by whom and why stands in the time ledger."""

from datetime import datetime, timedelta

import pghistory
from django.db import transaction

from apps.core.errors import RuleViolation
from apps.submissions.enums import RevisionState, SubmittedBy
from apps.submissions.models import Answer, AnswerRevision, Submission, TimeChange
from apps.submissions.services.accepting import promote

# Contestants' pages learn of a new deadline within a heartbeat; nobody loses time without a minute's notice.
NOTICE = timedelta(seconds=60)
LONGEST_CHANGE_MINUTES = 24 * 60


class NoReason(RuleViolation):
    message = "Say why the deadline moves; the ledger keeps it."
    code = "no_reason"


class NotAChange(RuleViolation):
    message = f"Move the deadline by at least one minute and at most {LONGEST_CHANGE_MINUTES}, one day."
    code = "not_a_change"


class AlreadyHandedIn(RuleViolation):
    message = "The contestant has handed this paper in; its deadline no longer matters."
    code = "already_handed_in"


class TooSoon(RuleViolation):
    message = "A deadline is not moved to less than a minute from now: contestants must see it coming."
    code = "too_soon"


def move_deadline(
    *, submission_id: int, minutes: int, reason: str, actor_id: int | None, now: datetime
) -> TimeChange:
    """Move a paper's deadline by `minutes` (less than 0: earlier) and write it into the ledger.

    A paper that time had closed is open again if the new deadline has not passed; late drafts that arrived
    before the new deadline and its grace are promoted in order of arrival.
    Refuses with `NoReason`, `NotAChange`, `AlreadyHandedIn`, `TooSoon`.
    """
    if not reason.strip():
        raise NoReason
    if minutes == 0 or abs(minutes) > LONGEST_CHANGE_MINUTES:
        raise NotAChange
    with transaction.atomic(), pghistory.context(actor=actor_id, act="move_deadline", reason=reason):
        paper = Submission.objects.select_for_update(no_key=True).get(pk=submission_id)
        if paper.submitted_by not in {"", SubmittedBy.TIME}:
            raise AlreadyHandedIn
        before, after = paper.deadline_at, paper.deadline_at + timedelta(minutes=minutes)
        if minutes < 0 and after < now + NOTICE:
            raise TooSoon
        paper.deadline_at = after
        if paper.submitted_at is not None and after + timedelta(seconds=paper.grace_seconds) >= now:
            paper.submitted_at, paper.submitted_by, paper.reopened_at = None, "", now
        paper.save(update_fields=["deadline_at", "submitted_at", "submitted_by", "reopened_at"])
        promote_late_drafts(paper)
        return TimeChange.objects.create(
            registration_id=paper.registration_id,
            deadline_before=before,
            deadline_after=after,
            reason=reason.strip(),
            changed_at=now,
            changed_by_id=actor_id,
        )


def promote_late_drafts(paper: Submission) -> None:
    """Let in what had arrived too late for the old deadline, in order of arrival.

    Each becomes current only if it was written on the text that is the answer's then; else it is a
    conflict, like any edit. The drafts stay as they are: a promotion is a revision of its own.
    """
    ends_at = paper.deadline_at + timedelta(seconds=paper.grace_seconds)
    promoted = (
        AnswerRevision.objects.filter(submission=paper).exclude(promoted_from=None).values("promoted_from")
    )
    drafts = (
        AnswerRevision.objects.filter(submission=paper, state=RevisionState.LATE, received_at__lte=ends_at)
        .exclude(pk__in=promoted)
        .order_by("received_at", "pk")
    )
    # In an order of its own: the usual one joins the exam, and joined rows are locked as well.
    held = Answer.objects.select_for_update(no_key=True).filter(submission=paper).order_by("number")
    answers = {answer.pk: answer for answer in held}
    for draft in drafts:
        answer = answers[draft.answer_id]
        promote(draft, answer, counts=draft.based_on == answer.revision)

"""Erasing one contestant: what may be erased, in which order it is locked, and the record that stays."""

import logging
from datetime import datetime

from django.contrib.auth.models import AbstractUser
from django.db import transaction

from apps.access.models import Contestant, Erasure, Registration
from apps.access.rules.people import names_somebody
from apps.access.services.history import act
from apps.access.services.issuing import lock_contest
from apps.access.services.revoking import LONGEST_REASON
from apps.core.errors import RuleViolation
from apps.exams.models import Exam
from apps.grading.models import GradingTask
from apps.grading.services.erasing import history, marks, papers, people
from apps.grading.services.erasing.lifting import append_only_lifted
from apps.submissions.models import Submission

logger = logging.getLogger(__name__)


class StillWriting(RuleViolation):
    message = "This contestant's paper is still open. Close it or wait for its end; then erase."
    code = "still_writing"


class ErasureReasonMissing(RuleViolation):
    message = f"Say why, in at most {LONGEST_REASON} characters: it stays when everything else is gone."
    code = "reason_missing"
    status = 400


class ErasureReasonTellsWho(RuleViolation):
    message = "The reason names the person. It stays when everything else is gone, so say it without."
    code = "reason_tells_who"
    status = 400


@transaction.atomic
def erase_contestant(
    *, contestant_id: int, reason: str, actor: AbstractUser | None, now: datetime
) -> Erasure:
    """Erase all that is kept about a contestant, in every exam of the contest; the number stays.

    What stays is a row without a person: the number, points, total and rank, so that everybody else's
    stay what they are. Again: what may have arrived since is erased as well, and the record is the first.
    Locks as publishing and scoring do: contest, exams, tasks, papers.
    """
    contestant = Contestant.objects.select_related("school").get(pk=contestant_id)
    reason = checked_reason(reason, contestant)
    lock_contest(contestant.contest_id)
    hold_still(contestant_id)
    refuse_open_paper(contestant_id, now)
    contestant = (
        Contestant.objects.select_related("school", "contest")
        .select_for_update(of=("self",))
        .get(pk=contestant_id)
    )
    with act("erase_contestant", actor=actor, reason=reason), append_only_lifted():
        # First what asks how things stood, and what refers to others; then what it refers to.
        papers.take_out_of_grading(contestant_id)
        words = people.words_about(contestant)
        marks.erase_marks(contestant_id)
        papers.erase_papers(contestant_id)
        people.erase_person(contestant)
        history.erase_history(contestant_id, words)
        record, _ = Erasure.objects.get_or_create(
            contestant=contestant,
            defaults={"reason": reason, "erased_at": now, "erased_by_id": actor.pk if actor else None},
        )
    # A backup of an older day does not know of this record: the log says what to erase again after a restore.
    transaction.on_commit(
        lambda: logger.info("erased contestant %s of %s", contestant.public_number, contestant.contest.slug)
    )
    return record


def checked_reason(reason: str, contestant: Contestant) -> str:
    reason = reason.strip()
    if not reason or len(reason) > LONGEST_REASON:
        raise ErasureReasonMissing
    if names_somebody(reason, [contestant.name, contestant.external_id]):
        raise ErasureReasonTellsWho
    return reason


def hold_still(contestant_id: int) -> None:
    """Nothing of this contestant is published, scored, started or written until we are done."""
    mine = Registration.objects.filter(contestant=contestant_id)
    for rows in (
        Exam.objects.filter(pk__in=mine.values("exam")).select_for_update(no_key=True),
        GradingTask.objects.filter(
            answer__submission__registration__contestant=contestant_id
        ).select_for_update(of=("self",), no_key=True),
        # Against a paper that is just being started: it refers to the registration.
        mine.select_for_update(of=("self",)),
        Submission.objects.filter(registration__contestant=contestant_id).select_for_update(of=("self",)),
    ):
        list(rows.order_by("pk").values_list("pk", flat=True))


def refuse_open_paper(contestant_id: int, now: datetime) -> None:
    if Submission.objects.filter(registration__contestant=contestant_id).accepting_at(now).exists():
        raise StillWriting

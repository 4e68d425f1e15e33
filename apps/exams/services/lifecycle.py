"""Draft, ready, closed: said by a person, who is told what is missing and what it means."""

from datetime import datetime
from typing import Any

import pghistory
from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from apps.core.errors import RuleViolation
from apps.exams.enums import ExamStatus
from apps.exams.models import Exam, TimeBlock
from apps.exams.selectors.outline import get_gaps
from apps.exams.services.changing import NO_CONSENT, Consent, allow_changes
from apps.exams.services.editing import bump_version, lock_exam


class ExamIncomplete(RuleViolation):
    """The exam lacks something without which nobody can sit it; `missing` says what."""

    message = "The exam has no time block."
    code = "exam_incomplete"

    def __init__(self, missing: list[str]) -> None:
        self.missing = missing
        super().__init__(" ".join(missing))

    @property
    def members(self) -> dict[str, Any]:
        return {"missing": self.missing}


class StillRunning(RuleViolation):
    message = "A time block is not over: whoever has not started could not start any more. Say why."
    code = "still_running"


def make_ready(*, exam_id: int, actor: AbstractBaseUser | None, now: datetime) -> None:
    """Let the exam open by its times, also one that was closed. Nothing that a paper needs may be missing."""
    with transaction.atomic():
        lock_exam(exam_id)
        if missing := [gap.text for gap in get_gaps(exam_id, now) if gap.is_missing]:
            raise ExamIncomplete(missing)
        _set_status(exam_id, ExamStatus.READY, actor=actor, reason="")


def close_exam(
    *, exam_id: int, actor: AbstractBaseUser | None, now: datetime, consent: Consent = NO_CONSENT
) -> None:
    """End the exam: nobody starts any more. Before its last time block is over that needs a reason."""
    with transaction.atomic():
        lock_exam(exam_id)
        if not consent.is_whole and TimeBlock.objects.filter(exam_id=exam_id, closes_at__gt=now).exists():
            raise StillRunning
        _set_status(exam_id, ExamStatus.CLOSED, actor=actor, reason=consent.reason)


def return_to_draft(*, exam_id: int, actor: AbstractBaseUser | None) -> None:
    """Take back that the exam is ready, as long as nobody has started."""
    with transaction.atomic():
        allow_changes(exam_id=exam_id, kinds=["exam.draft"], consent=NO_CONSENT)
        _set_status(exam_id, ExamStatus.DRAFT, actor=actor, reason="")


def _set_status(exam_id: int, status: ExamStatus, *, actor: AbstractBaseUser | None, reason: str) -> None:
    with pghistory.context(actor=actor.pk if actor else None, act=f"exam_{status}", reason=reason):
        changed = Exam.objects.filter(pk=exam_id).exclude(status=status).update(status=status)
        if changed:
            bump_version(exam_id)

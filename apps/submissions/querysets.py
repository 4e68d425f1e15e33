"""Which papers and answers."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Self

from django.db.models import DurationField, ExpressionWrapper, F, Q

from apps.exams.querysets import OfExam

if TYPE_CHECKING:
    from datetime import datetime

    from apps.submissions.models import Acceptance, Answer, AnswerRevision, Receipt, Submission, TimeChange


GRACE = ExpressionWrapper(F("grace_seconds") * timedelta(seconds=1), output_field=DurationField())
PAPERS_EXAM = "submission__registration__exam"


class SubmissionQuerySet(OfExam["Submission"]):
    exam_path = "registration__exam"

    def accepting_at(self, moment: datetime) -> Self:
        """Papers whose edits and hand-in still count: not handed in, within deadline and grace."""
        return self.filter(submitted_at=None, deadline_at__gte=moment - GRACE)

    def closed_at(self, moment: datetime) -> Self:
        """Papers nobody can write on any more: handed in, or past deadline and grace."""
        return self.filter(Q(submitted_at__isnull=False) | Q(deadline_at__lt=moment - GRACE))

    def counted(self) -> Self:
        """Without testers' papers."""
        return self.filter(registration__tester=False)


class AnswerQuerySet(OfExam["Answer"]):
    exam_path = PAPERS_EXAM


class AnswerRevisionQuerySet(OfExam["AnswerRevision"]):
    exam_path = PAPERS_EXAM


class AcceptanceQuerySet(OfExam["Acceptance"]):
    exam_path = "promoted__submission__registration__exam"


class TimeChangeQuerySet(OfExam["TimeChange"]):
    exam_path = "registration__exam"


class ReceiptQuerySet(OfExam["Receipt"]):
    exam_path = PAPERS_EXAM

"""Answers that nobody has queued yet."""

from datetime import datetime

from django.db.models import Exists, OuterRef

from apps.grading.models import GradingTask
from apps.submissions.models import Answer, Submission
from apps.submissions.querysets import AnswerQuerySet


def answers_without_task(exam_id: int, now: datetime) -> AnswerQuerySet:
    """Answers of closed papers that count, blank ones too, for which no grading task exists."""
    papers = Submission.objects.filter(registration__exam_id=exam_id).counted().closed_at(now)
    queued = GradingTask.objects.filter(answer=OuterRef("pk"))
    answers = Answer.objects.filter(submission__in=papers, problem__not_counted=False)
    return answers.exclude(Exists(queued)).order_by()

"""Answers that nobody has queued yet."""

from datetime import datetime

from django.db.models import Exists, OuterRef

from apps.grading.models import GradingTask
from apps.submissions.models import Answer, Submission
from apps.submissions.querysets import AnswerQuerySet, SubmissionQuerySet


def answers_without_task(exam_id: int, now: datetime) -> AnswerQuerySet:
    """Answers of closed papers that count, blank ones too, for which no grading task exists."""
    return unqueued_answers(Submission.objects.filter(registration__exam_id=exam_id), now)


def unqueued_answers(papers: SubmissionQuerySet, now: datetime) -> AnswerQuerySet:
    """The same of any papers."""
    queued = GradingTask.objects.filter(answer=OuterRef("pk"))
    answers = Answer.objects.filter(
        submission__in=papers.counted().closed_at(now), problem__not_counted=False
    )
    return answers.exclude(Exists(queued)).order_by()

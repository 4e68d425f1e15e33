"""Which grading tasks, scores and results."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db.models import Q

from apps.exams.querysets import OfExam
from apps.grading.enums import TaskStatus

if TYPE_CHECKING:
    from datetime import datetime

    from apps.grading.models import GradingTask, Publication, Result, Score


class GradingTaskQuerySet(OfExam["GradingTask"]):
    def claimable_at(self, moment: datetime) -> Self:
        """Tasks that wait for a grader: open, stale, or claimed by somebody whose lease ran out."""
        return self.filter(
            Q(status__in=[TaskStatus.OPEN, TaskStatus.STALE])
            | Q(status=TaskStatus.CLAIMED, claimed_until__lt=moment)
        )

    def unfinished(self) -> Self:
        """Tasks whose score is still missing or no longer fits."""
        return self.exclude(status=TaskStatus.SCORED)


class ScoreQuerySet(OfExam["Score"]):
    exam_path = "task__exam"

    def current(self) -> Self:
        """The newest version for each task."""
        return self.order_by("task_id", "-version").distinct("task_id")


class PublicationQuerySet(OfExam["Publication"]):
    def standing(self) -> Self:
        """Publications that were not withdrawn; the newest of them is the one that counts."""
        return self.filter(withdrawn_at=None).order_by("exam_id", "-number")


class ResultQuerySet(OfExam["Result"]):
    exam_path = "publication__exam"

"""Which grading tasks, scores and results."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db.models import BigIntegerField, Exists, F, Func, OuterRef, Q, Value

from apps.exams.querysets import OfExam
from apps.grading.enums import TaskStatus
from apps.grading.rules import equivalence

if TYPE_CHECKING:
    from datetime import datetime

    from apps.grading.models import (
        Assignment,
        GradingTask,
        Publication,
        Referral,
        Result,
        Score,
        ScoringAct,
        Surrender,
    )
    from apps.submissions.querysets import SubmissionQuerySet

# What a blank answer looks like, as the rule has it; PostgreSQL's own \s depends on the locale.
NOTHING_WRITTEN = f"^[{equivalence.SPACES}{equivalence.INVISIBLE}]*$"


class GradingTaskQuerySet(OfExam["GradingTask"]):
    def claimable_at(self, moment: datetime) -> Self:
        """Tasks that wait for a grader: open, stale, or claimed by somebody whose lease ran out."""
        return self.filter(
            Q(status__in=[TaskStatus.OPEN, TaskStatus.STALE])
            | Q(status=TaskStatus.CLAIMED, claimed_until__lt=moment)
        )

    def claimed_by(self, grader_id: int, moment: datetime) -> Self:
        """Tasks the grader holds at `moment`."""
        return self.filter(status=TaskStatus.CLAIMED, grader_id=grader_id, claimed_until__gte=moment)

    def scorable_by(self, grader_id: int, moment: datetime) -> Self:
        """What the grader may score without having looked at each: what waits, and what they hold."""
        return (self.claimable_at(moment) | self.claimed_by(grader_id, moment)).unread_by(grader_id)

    def outdated(self) -> Self:
        """Scored tasks whose answer is not the one that was scored; the queue calls them stale soon."""
        return self.filter(status=TaskStatus.SCORED).exclude(scores__answer_revision=F("answer__revision"))

    def of_papers(self, papers: SubmissionQuerySet) -> Self:
        return self.filter(answer__submission__in=papers)

    def counting(self) -> Self:
        """Tasks that a publication waits for: the problem counts, the contestant competes."""
        return self.filter(
            problem__not_counted=False,
            answer__submission__registration__tester=False,
            answer__submission__registration__disqualification="",
        )

    def blank(self) -> Self:
        return self.filter(answer__text__regex=NOTHING_WRITTEN)

    def unread_by(self, grader_id: int) -> Self:
        """Without those of which the grader has another reading: nobody reads an answer twice."""
        readings = self.model.objects.filter(answer=OuterRef("answer"), grader_id=grader_id)
        return self.exclude(Exists(readings.exclude(pk=OuterRef("pk"))))

    def unfinished(self) -> Self:
        """Tasks whose score is still missing or no longer fits."""
        return self.exclude(status=TaskStatus.SCORED)

    def shuffled_for(self, grader_id: int) -> Self:
        """An order of its own for each grader, always the same one.

        Readers grade differently after a very good or very bad answer; a different order for each
        spreads that. PostgreSQL's hash takes the grader as its seed and costs next to nothing.
        """
        place = Func(F("id"), Value(grader_id), function="hashint8extended", output_field=BigIntegerField())
        return self.order_by(place)


class SurrenderQuerySet(OfExam["Surrender"]):
    exam_path = "task__exam"


class ReferralQuerySet(OfExam["Referral"]):
    exam_path = "task__exam"

    def waiting(self) -> Self:
        """Those the lead has neither scored nor sent back."""
        return self.filter(resolved_at=None)


class AssignmentQuerySet(OfExam["Assignment"]):
    exam_path = "task__exam"


class ScoreQuerySet(OfExam["Score"]):
    exam_path = "task__exam"

    def current(self) -> Self:
        """The newest version for each task."""
        return self.order_by("task_id", "-version").distinct("task_id")

    def newest_for_task(self) -> Self:
        """For subqueries over tasks: the newest version of the outer row's score."""
        return self.filter(task=OuterRef("pk")).order_by("-version")


class ScoringActQuerySet(OfExam["ScoringAct"]):
    def standing(self) -> Self:
        """Acts that were not undone."""
        return self.filter(undone_at=None)


class PublicationQuerySet(OfExam["Publication"]):
    def standing(self) -> Self:
        """Publications that were not withdrawn; the newest of them is the one that counts."""
        return self.filter(withdrawn_at=None).order_by("exam_id", "-number")


class ResultQuerySet(OfExam["Result"]):
    exam_path = "publication__exam"

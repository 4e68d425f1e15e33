"""What is to be graded, and the scores given."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q

from apps.core.constraints import only_choices
from apps.exams.models import Exam, Problem
from apps.grading.enums import TaskStatus
from apps.grading.models.acts import ScoringAct
from apps.grading.querysets import GradingTaskQuerySet, ScoreQuerySet, SurrenderQuerySet
from apps.submissions.models import Answer


class GradingTask(models.Model):
    """One reading of one answer, by one grader.

    A claim is a courtesy until `claimed_until`; what guarantees that nothing is overwritten is the
    score's version. `exam` and `problem` repeat what the answer knows: the queue is asked by them.
    """

    answer = models.ForeignKey(Answer, on_delete=models.PROTECT, related_name="+")
    exam = models.ForeignKey(Exam, on_delete=models.PROTECT, related_name="+")
    problem = models.ForeignKey(Problem, on_delete=models.PROTECT, related_name="+")
    reading = models.PositiveSmallIntegerField(default=1)
    status = models.CharField(max_length=10, choices=TaskStatus, default=TaskStatus.OPEN)
    grader = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    claimed_at = models.DateTimeField(null=True, blank=True)
    claimed_until = models.DateTimeField(null=True, blank=True)

    objects = GradingTaskQuerySet.as_manager()

    class Meta:
        ordering = ("problem", "id")
        constraints = [
            only_choices("status", TaskStatus),
            models.UniqueConstraint(fields=["answer", "reading"], name="grading_gradingtask_reading_once"),
            # Makes double grading independent by the database; tasks nobody holds do not clash (NULL).
            models.UniqueConstraint(
                fields=["answer", "grader"], name="grading_gradingtask_one_reading_per_grader"
            ),
            models.CheckConstraint(
                condition=Q(status=TaskStatus.CLAIMED, grader__isnull=False, claimed_until__isnull=False)
                | (~Q(status=TaskStatus.CLAIMED) & Q(claimed_until=None)),
                name="grading_gradingtask_claim_has_holder_and_end",
            ),
            models.CheckConstraint(
                condition=~Q(status=TaskStatus.SCORED) | Q(grader__isnull=False),
                name="grading_gradingtask_scored_by_somebody",
            ),
        ]
        indexes = [
            models.Index(
                fields=["problem", "id"],
                condition=~Q(status=TaskStatus.SCORED),
                name="grading_task_queue",
            ),
            models.Index(fields=["exam", "problem", "status"], name="grading_task_progress"),
            models.Index(fields=["grader", "status"], name="grading_task_by_grader"),
        ]

    def __str__(self) -> str:
        return f"Task {self.pk}"


class Surrender(models.Model):
    """A grader gave a task back: the queue does not offer it to them again by itself."""

    task = models.ForeignKey(GradingTask, on_delete=models.PROTECT, related_name="surrenders")
    grader = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    surrendered_at = models.DateTimeField()

    objects = SurrenderQuerySet.as_manager()

    class Meta:
        ordering = ("task", "surrendered_at")
        constraints = [
            models.UniqueConstraint(fields=["task", "grader"], name="grading_surrender_once_per_grader")
        ]

    def __str__(self) -> str:
        return f"{self.task} given back"


class Score(models.Model):
    """One version of the points for a task: never edited; the one with the highest version counts.

    A version without points takes the one before back: the task has no score again. `act` is the one act
    that scored this answer along with others.
    `comment` is for the contestant, `note` for graders only. `answer_revision` is the revision that was
    judged. That points do not exceed the problem's maximum spans tables, so a trigger holds it.
    """

    task = models.ForeignKey(GradingTask, on_delete=models.PROTECT, related_name="scores")
    version = models.PositiveIntegerField()
    points = models.DecimalField(max_digits=6, decimal_places=2, null=True, blank=True)
    comment = models.TextField(blank=True)
    note = models.TextField(blank=True)
    answer_revision = models.PositiveIntegerField()
    grader = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    scored_at = models.DateTimeField()
    act = models.ForeignKey(
        ScoringAct, null=True, blank=True, on_delete=models.PROTECT, related_name="scores"
    )

    objects = ScoreQuerySet.as_manager()

    class Meta:
        ordering = ("task", "version")
        constraints = [
            models.UniqueConstraint(fields=["task", "version"], name="grading_score_version_once"),
            models.CheckConstraint(condition=Q(version__gte=1), name="grading_score_version_from_one"),
            models.CheckConstraint(condition=Q(points__gte=0), name="grading_score_points_not_negative"),
            models.CheckConstraint(
                condition=Q(points__isnull=False) | Q(version__gte=2),
                name="grading_score_first_version_has_points",
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="score_is_append_only", operation=pgtrigger.Update | pgtrigger.Delete),
            # Whoever writes scores, one or hundreds. PostgreSQL takes triggers by name: this one comes before
            # the maximum is read, and so waits for somebody who is just changing it.
            pgtrigger.Trigger(
                name="problem_is_scored",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func="""
                    UPDATE exams_problem SET first_scored_at = NEW.scored_at
                    FROM grading_gradingtask task
                    WHERE task.id = NEW.task_id AND exams_problem.id = task.problem_id
                    AND exams_problem.first_scored_at IS NULL;
                    RETURN NEW;
                """,
            ),
            pgtrigger.Trigger(
                name="score_within_maximum",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                # NaN is greater than every number for PostgreSQL: it is refused here as well.
                func="""
                    IF NEW.points > (
                        SELECT problem.max_points FROM exams_problem problem
                        JOIN grading_gradingtask task ON task.problem_id = problem.id
                        WHERE task.id = NEW.task_id
                    ) THEN
                        RAISE EXCEPTION 'points exceed the maximum of the problem'
                            USING ERRCODE = 'check_violation', CONSTRAINT = 'grading_score_within_maximum';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        given = "taken back" if self.points is None else self.points
        return f"{given} (version {self.version})"

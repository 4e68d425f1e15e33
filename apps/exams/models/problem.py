"""Problems, their statements in versions, and figures."""

import uuid

import pghistory
import pgtrigger
from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q

from apps.core.constraints import only_choices
from apps.exams.enums import FigureKind, ProblemKind
from apps.exams.models.exam import Exam
from apps.exams.querysets import FigureQuerySet, ProblemQuerySet, StatementVersionQuerySet


@pghistory.track()
class Problem(models.Model):
    """One problem of an exam: what kind of answer it takes and what it is worth.

    `accepted` is a list of texts shown to graders (for a choice: labels). Points are decimals with at
    most two places. A problem that turned out faulty is `not_counted`, with the reason contestants read.
    `first_scored_at` is written down by the grading (a trigger) with the first score of its answers.
    """

    exam = models.ForeignKey(Exam, on_delete=models.CASCADE, related_name="problems")
    number = models.PositiveIntegerField(validators=[MinValueValidator(1)])
    kind = models.CharField(max_length=12, choices=ProblemKind)
    max_points = models.DecimalField(max_digits=6, decimal_places=2)
    accepted = models.JSONField(default=list, blank=True)
    solution = models.TextField(blank=True, help_text="Markdown with LaTeX; for graders.")
    solution_html = models.TextField(blank=True, editable=False)
    pages = models.BooleanField(default=False, help_text="Takes photos or PDF pages of handwritten work.")
    not_counted = models.BooleanField(default=False)
    not_counted_reason = models.CharField(max_length=300, blank=True)
    first_scored_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = ProblemQuerySet.as_manager()

    class Meta:
        ordering = ("exam", "number")
        constraints = [
            only_choices("kind", ProblemKind),
            models.UniqueConstraint(fields=["exam", "number"], name="exams_problem_number_once_per_exam"),
            models.CheckConstraint(condition=Q(number__gte=1), name="exams_problem_number_from_one"),
            models.CheckConstraint(
                condition=Q(max_points__gt=0, max_points__lte=1000),
                name="exams_problem_max_points_positive",
                violation_error_message="A problem is worth more than 0 and at most 1000 points.",
            ),
            models.CheckConstraint(
                condition=Q(not_counted=False) | ~Q(not_counted_reason=""),
                name="exams_problem_not_counted_has_reason",
                violation_error_message="Say why the problem does not count; contestants read it.",
            ),
        ]

    def __str__(self) -> str:
        return f"Problem {self.number}"


class StatementVersion(models.Model):
    """One version of a problem's statement; a new version, never an edit.

    `choices` is a list of {"label", "text"}, `choices_html` the rendered texts in the same order.
    `note` tells contestants what changed. `since_version` is the exam's version that brought it: a paper
    fetched at exam version v showed the newest statement with since_version <= v.
    Only the rendered columns may change, when a newer `renderer` renders the same source again.
    """

    problem = models.ForeignKey(Problem, on_delete=models.CASCADE, related_name="statements")
    version = models.PositiveIntegerField()
    source = models.TextField()
    choices = models.JSONField(default=list, blank=True)
    note = models.CharField(max_length=300, blank=True)
    html = models.TextField()
    choices_html = models.JSONField(default=list, blank=True)
    renderer = models.CharField(max_length=40)
    since_version = models.PositiveIntegerField()
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    objects = StatementVersionQuerySet.as_manager()

    class Meta:
        ordering = ("problem", "version")
        constraints = [
            models.UniqueConstraint(
                fields=["problem", "version"], name="exams_statementversion_once_per_problem"
            )
        ]
        triggers = [
            pgtrigger.Protect(
                name="statement_is_append_only",
                operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange(
                    "problem", "version", "source", "choices", "note", "since_version"
                ),
            )
        ]

    def __str__(self) -> str:
        return f"{self.problem}, version {self.version}"


@pghistory.track(exclude=["content"])
class Figure(models.Model):
    """An image that statements of one exam show by its name; guarded like the statements themselves.

    `content` is what we serve: an SVG that was sanitised or a PNG that was re-encoded. The alternative
    text stands where the figure is used, in the statement, which is refused without it.
    """

    exam = models.ForeignKey(Exam, on_delete=models.CASCADE, related_name="figures")
    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(max_length=100)
    kind = models.CharField(max_length=20, choices=FigureKind)
    content = models.BinaryField()
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    digest = models.CharField(
        max_length=64, editable=False, help_text="SHA-256 of the content, in hexadecimal."
    )

    objects = FigureQuerySet.as_manager()

    class Meta:
        ordering = ("exam", "name")
        constraints = [
            only_choices("kind", FigureKind),
            models.UniqueConstraint(fields=["exam", "name"], name="exams_figure_name_once_per_exam"),
        ]

    def __str__(self) -> str:
        return self.name

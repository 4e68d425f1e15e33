"""Acts that score many answers at once, each signed by a person."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q

from apps.core.constraints import only_choices
from apps.exams.models import Exam, Problem
from apps.grading.enums import ActKind
from apps.grading.querysets import ScoringActQuerySet


class ScoringAct(models.Model):
    """One person gave the same points to many answers of a problem; their scores name the act.

    `text` is what the answers of a class have in common. Nothing of an act changes but that it may be
    undone, once: `undone_count` of its `count` scores were then still the ones that counted.
    """

    exam = models.ForeignKey(Exam, on_delete=models.PROTECT, related_name="+")
    problem = models.ForeignKey(Problem, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=10, choices=ActKind)
    text = models.TextField(blank=True)
    points = models.DecimalField(max_digits=6, decimal_places=2)
    comment = models.TextField(blank=True)
    count = models.PositiveIntegerField()
    grader = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    done_at = models.DateTimeField()
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    undone_count = models.PositiveIntegerField(null=True, blank=True)

    objects = ScoringActQuerySet.as_manager()

    class Meta:
        ordering = ("exam", "-id")
        constraints = [
            only_choices("kind", ActKind),
            models.CheckConstraint(
                condition=Q(kind=ActKind.CLASS) & ~Q(text="") | ~Q(kind=ActKind.CLASS) & Q(text=""),
                name="grading_scoringact_text_of_a_class_only",
            ),
            models.CheckConstraint(condition=Q(count__gte=1), name="grading_scoringact_scores_something"),
            models.CheckConstraint(condition=Q(points__gte=0), name="grading_scoringact_points_not_negative"),
            models.CheckConstraint(
                condition=Q(undone_at=None, undone_by=None, undone_count=None)
                | Q(undone_at__isnull=False, undone_by__isnull=False, undone_count__lte=F("count")),
                name="grading_scoringact_undone_by_somebody",
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="act_is_kept", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="act_is_undone_once",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__undone_at__isnull=False),
            ),
            pgtrigger.Protect(
                name="act_is_never_another",
                operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange(
                    "exam", "problem", "kind", "text", "points", "comment", "count", "grader", "done_at"
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.problem_id}: {self.count} scored {self.points}"

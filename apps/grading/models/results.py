"""Published results: frozen, numbered, withdrawable."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q

from apps.access.models import Registration
from apps.core.constraints import only_choices
from apps.exams.models import Exam
from apps.grading.enums import Standing
from apps.grading.querysets import PublicationQuerySet, ResultQuerySet


class Publication(models.Model):
    """One act of publishing an exam's results; the newest that was not withdrawn counts.

    Withdrawing takes all of them back, with the reason: an older one never shows up again by itself.
    """

    exam = models.ForeignKey(Exam, on_delete=models.PROTECT, related_name="+")
    number = models.PositiveIntegerField()
    published_at = models.DateTimeField()
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    withdrawn_reason = models.CharField(max_length=300, blank=True)

    objects = PublicationQuerySet.as_manager()

    class Meta:
        ordering = ("exam", "-number")
        constraints = [
            models.UniqueConstraint(
                fields=["exam", "number"], name="grading_publication_number_once_per_exam"
            ),
            models.CheckConstraint(condition=Q(number__gte=1), name="grading_publication_number_from_one"),
            models.CheckConstraint(
                condition=Q(withdrawn_at=None, withdrawn_reason="")
                | (Q(withdrawn_at__isnull=False) & ~Q(withdrawn_reason="")),
                name="grading_publication_withdrawn_has_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"Publication {self.number} of {self.exam}"


class Result(models.Model):
    """One contestant's result as it was published; never changed.

    Everything a result page or an export shows is copied here: number, name, school, and `problems`, a
    list of {"number", "kind", "max_points", "points" | null, "counted", "reason", "answer", "accepted",
    "comment"} with points as decimal strings. The graders' note is not in it. `rank` is shared by equal
    totals (1-2-2-4) and blank for whoever is not ranked.
    """

    publication = models.ForeignKey(Publication, on_delete=models.PROTECT, related_name="results")
    registration = models.ForeignKey(Registration, on_delete=models.PROTECT, related_name="+")
    number = models.PositiveIntegerField()
    external_id = models.CharField(max_length=100, blank=True)
    name = models.CharField(max_length=200, blank=True)
    school = models.CharField(max_length=200, blank=True)
    team = models.CharField(max_length=100, blank=True)
    division = models.CharField(max_length=100, blank=True)
    may_publish_name = models.BooleanField(default=False)
    status = models.CharField(max_length=12, choices=Standing)
    rank = models.PositiveIntegerField(null=True, blank=True)
    total = models.DecimalField(max_digits=8, decimal_places=2, null=True, blank=True)
    problems = models.JSONField()

    objects = ResultQuerySet.as_manager()

    class Meta:
        ordering = ("publication", "rank", "number")
        constraints = [
            only_choices("status", Standing),
            models.UniqueConstraint(
                fields=["publication", "registration"], name="grading_result_once_per_publication"
            ),
            models.CheckConstraint(
                condition=Q(
                    status=Standing.RANKED, rank__isnull=False, total__isnull=False, rank__gte=1, total__gte=0
                )
                | (~Q(status=Standing.RANKED) & Q(rank=None)),
                name="grading_result_rank_for_the_ranked_only",
            ),
            models.CheckConstraint(
                condition=~Q(status=Standing.ABSENT) | Q(total=None),
                name="grading_result_absent_has_no_total",
            ),
        ]
        triggers = [pgtrigger.Protect(name="result_is_frozen", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"Result of {self.number:04d}"

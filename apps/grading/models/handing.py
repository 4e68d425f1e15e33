"""Answers that change hands otherwise than through the queue: sent to the lead, or handed to somebody."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q

from apps.grading.models.grading import GradingTask
from apps.grading.querysets import AssignmentQuerySet, ReferralQuerySet


class Referral(models.Model):
    """A grader sent an answer to the lead with a note; resolved when it was scored or sent back.

    `reply` is the lead's word to the grader; it is blank where the lead scored the answer.
    """

    task = models.ForeignKey(GradingTask, on_delete=models.PROTECT, related_name="referrals")
    grader = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    note = models.TextField()
    referred_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    reply = models.TextField(blank=True)

    objects = ReferralQuerySet.as_manager()

    class Meta:
        ordering = ("task", "referred_at")
        constraints = [
            models.UniqueConstraint(
                fields=["task"], condition=Q(resolved_at=None), name="grading_referral_one_waits_per_task"
            ),
            models.CheckConstraint(condition=~Q(note=""), name="grading_referral_has_note"),
            models.CheckConstraint(
                condition=Q(resolved_at=None, resolved_by=None, reply="")
                | Q(resolved_at__isnull=False, resolved_by__isnull=False),
                name="grading_referral_resolved_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.task} sent to the lead"


class Assignment(models.Model):
    """A lead handed an answer to a grader, or freed it for everybody (`grader` is then blank)."""

    task = models.ForeignKey(GradingTask, on_delete=models.PROTECT, related_name="assignments")
    grader = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    assigned_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    assigned_at = models.DateTimeField()

    objects = AssignmentQuerySet.as_manager()

    class Meta:
        ordering = ("task", "assigned_at")
        triggers = [
            pgtrigger.Protect(name="assignment_is_append_only", operation=pgtrigger.Update | pgtrigger.Delete)
        ]

    def __str__(self) -> str:
        return f"{self.task} handed on"

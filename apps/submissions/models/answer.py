"""Answers and everything that was ever written in them."""

import pgtrigger
from django.conf import settings
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import F, Q

from apps.core.constraints import only_choices
from apps.exams.models import Problem
from apps.submissions.enums import RevisionState
from apps.submissions.models.paper import Submission
from apps.submissions.querysets import AcceptanceQuerySet, AnswerQuerySet, AnswerRevisionQuerySet


class Answer(models.Model):
    """What a paper holds for one problem now; a blank one stands there from the start.

    `revision` counts the texts that became current; 0 is the blank the paper started with. `number` is the
    problem's, copied so that the save path finds its rows without a join.
    """

    # The unique numbers below begin with it and serve as its index; every save would pay for another.
    submission = models.ForeignKey(
        Submission, on_delete=models.PROTECT, related_name="answers", db_index=False
    )
    problem = models.ForeignKey(Problem, on_delete=models.PROTECT, related_name="+")
    number = models.PositiveIntegerField()
    text = models.TextField(blank=True)
    revision = models.PositiveIntegerField(default=0)

    objects = AnswerQuerySet.as_manager()

    class Meta:
        ordering = ("submission", "number")
        constraints = [
            models.UniqueConstraint(
                fields=["submission", "number"], name="submissions_answer_once_per_number"
            ),
            models.UniqueConstraint(
                fields=["submission", "problem"], name="submissions_answer_once_per_problem"
            ),
        ]

    def __str__(self) -> str:
        return f"Answer {self.number} of {self.submission_id}"


class AnswerRevision(models.Model):
    """One edit as it arrived; never changed, never deleted.

    `op` is the browser's own id of the edit, unique within the paper, so that replaying is harmless.
    `revision` is the number it got as the answer's text, NULL if it did not become current.
    `paper_version` is the exam's version that the contestant's page showed. A late draft that an organiser
    accepts, or one that a moved deadline lets in, arrives again as a row that is `promoted_from` it.
    """

    # Every save writes a row into every index here: the unique ones below serve these two as well.
    submission = models.ForeignKey(Submission, on_delete=models.PROTECT, related_name="+", db_index=False)
    answer = models.ForeignKey(Answer, on_delete=models.PROTECT, related_name="revisions", db_index=False)
    op = models.UUIDField()
    number = models.PositiveIntegerField()
    text = models.TextField(blank=True)
    based_on = models.PositiveIntegerField(null=True, blank=True)
    revision = models.PositiveIntegerField(null=True, blank=True)
    state = models.CharField(max_length=10, choices=RevisionState)
    paper_version = models.PositiveIntegerField()
    device = models.UUIDField(null=True, blank=True)
    received_at = models.DateTimeField()
    promoted_from = models.OneToOneField(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    objects = AnswerRevisionQuerySet.as_manager()

    class Meta:
        ordering = ("id",)
        constraints = [
            only_choices("state", RevisionState),
            models.UniqueConstraint(fields=["submission", "op"], name="submissions_answerrevision_op_once"),
            # Rows without a number, of which an answer may have many, do not clash.
            models.UniqueConstraint(
                fields=["answer", "revision"], name="submissions_answerrevision_number_once"
            ),
            models.CheckConstraint(
                condition=Q(state=RevisionState.CURRENT, revision__isnull=False, based_on__isnull=False)
                & Q(revision=F("based_on") + 1)
                | (~Q(state=RevisionState.CURRENT) & Q(revision=None)),
                name="submissions_answerrevision_current_follows_its_base",
            ),
        ]
        indexes = [
            # "The last minutes", for whoever watches: rows arrive in the order of time, so that a summary
            # of each stretch of the table is enough, and costs a save nothing.
            BrinIndex(
                fields=["received_at"],
                name="submissions_revision_arrivals",
                autosummarize=True,
                pages_per_range=16,
            )
        ]
        triggers = [
            pgtrigger.Protect(name="revision_is_append_only", operation=pgtrigger.Update | pgtrigger.Delete)
        ]

    def __str__(self) -> str:
        return f"{self.state} {self.op}"


class Acceptance(models.Model):
    """An organiser let a text count that had been kept apart: who, when and why. Written once, never changed.

    `promoted` is the revision that brought it into the answer; its `promoted_from` is what was kept apart.
    """

    promoted = models.OneToOneField(AnswerRevision, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=300)
    accepted_at = models.DateTimeField()
    accepted_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    objects = AcceptanceQuerySet.as_manager()

    class Meta:
        ordering = ("accepted_at", "id")
        constraints = [
            models.CheckConstraint(condition=~Q(reason=""), name="submissions_acceptance_has_a_reason")
        ]
        triggers = [
            pgtrigger.Protect(name="acceptance_is_append_only", operation=pgtrigger.Update | pgtrigger.Delete)
        ]

    def __str__(self) -> str:
        return f"{self.promoted} accepted"

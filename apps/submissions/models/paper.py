"""A paper, its time, its receipt."""

import secrets
import uuid
from datetime import datetime, timedelta

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q

from apps.access.models import Registration
from apps.core.codes import random_code
from apps.core.constraints import only_choices
from apps.submissions.enums import SubmittedBy
from apps.submissions.querysets import ReceiptQuerySet, SubmissionQuerySet, TimeChangeQuerySet

BLIND_LENGTH = 6


def new_blind_code() -> str:
    """Six random symbols (31**6 is about 900 million)."""
    return random_code(BLIND_LENGTH)


def new_journal_key() -> bytes:
    return secrets.token_bytes(32)


class Submission(models.Model):
    """One contestant's whole paper for one exam, from the moment it is started.

    `deadline_at` and `grace_seconds` are fixed at the start, so that a later change to the exam's times
    never shortens a paper being written; only the ledger of time changes moves the deadline.
    `writer` is the device whose page was opened last: edits of another are kept as conflicts.
    `blind_code` is all a grader sees of the contestant. `journal_key` encrypts the copy the browser keeps.
    """

    registration = models.OneToOneField(Registration, on_delete=models.PROTECT, related_name="+")
    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    blind_code = models.CharField(max_length=8, default=new_blind_code, unique=True, editable=False)
    journal_key = models.BinaryField(max_length=32, default=new_journal_key, editable=False)
    started_at = models.DateTimeField()
    deadline_at = models.DateTimeField()
    grace_seconds = models.PositiveIntegerField()
    submitted_at = models.DateTimeField(null=True, blank=True)
    submitted_by = models.CharField(max_length=10, choices=SubmittedBy, blank=True)
    reopened_at = models.DateTimeField(null=True, blank=True)
    writer = models.UUIDField(null=True, blank=True, editable=False)

    objects = SubmissionQuerySet.as_manager()

    class Meta:
        ordering = ("registration",)
        constraints = [
            only_choices("submitted_by", SubmittedBy, blank=True),
            models.CheckConstraint(
                condition=Q(deadline_at__gt=F("started_at")),
                name="submissions_submission_deadline_after_start",
            ),
            models.CheckConstraint(
                condition=Q(submitted_at=None, submitted_by="")
                | (Q(submitted_at__isnull=False) & ~Q(submitted_by="")),
                name="submissions_submission_submitted_by_somebody",
            ),
        ]
        indexes = [
            models.Index(
                fields=["deadline_at"], condition=Q(submitted_at=None), name="submissions_open_by_deadline"
            )
        ]

    def __str__(self) -> str:
        # Neither the contestant nor the blind code: together they would undo blind grading.
        return f"Paper {self.pk}"

    def is_closed_at(self, moment: datetime) -> bool:
        """Whether nobody can write on it any more; `closed_at` picks such papers."""
        return self.submitted_at is not None or (
            self.deadline_at + timedelta(seconds=self.grace_seconds) < moment
        )


class TimeChange(models.Model):
    """One entry of the time ledger: who moved a contestant's deadline, from when to when, and why."""

    registration = models.ForeignKey(Registration, on_delete=models.PROTECT, related_name="+")
    deadline_before = models.DateTimeField()
    deadline_after = models.DateTimeField()
    reason = models.CharField(max_length=300)
    changed_at = models.DateTimeField()
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    objects = TimeChangeQuerySet.as_manager()

    class Meta:
        ordering = ("changed_at",)
        constraints = [
            models.CheckConstraint(condition=~Q(reason=""), name="submissions_timechange_has_reason")
        ]
        triggers = [
            pgtrigger.Protect(
                name="time_ledger_is_append_only", operation=pgtrigger.Update | pgtrigger.Delete
            )
        ]

    def __str__(self) -> str:
        return f"{self.registration}: {self.deadline_after}"


class Receipt(models.Model):
    """Our signed word for what a paper held when it was closed.

    Its number is the primary key. `body` is the canonical JSON that was signed: number, code, exam,
    contestant number, times, and each answer's SHA-256. `digest` is the SHA-256 of `body`, `signature` is
    Ed25519 over `body`; both in hexadecimal. `code` is short enough to photograph and finds the receipt on
    its public page. A paper that is reopened and closed again gets another receipt; the newest counts.
    """

    submission = models.ForeignKey(Submission, on_delete=models.PROTECT, related_name="receipts")
    code = models.CharField(max_length=14, unique=True)
    body = models.TextField()
    digest = models.CharField(max_length=64)
    signature = models.CharField(max_length=128)
    issued_at = models.DateTimeField()

    objects = ReceiptQuerySet.as_manager()

    class Meta:
        ordering = ("id",)
        triggers = [
            pgtrigger.Protect(name="receipt_is_append_only", operation=pgtrigger.Update | pgtrigger.Delete)
        ]

    def __str__(self) -> str:
        return f"Receipt {self.pk}"

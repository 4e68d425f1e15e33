"""Access keys: only digests at rest."""

import pghistory
from django.conf import settings
from django.db import models
from django.db.models import Q

from apps.access.enums import KeyState
from apps.access.models.people import Contestant
from apps.access.querysets import AccessKeyQuerySet, KeyBatchQuerySet
from apps.exams.models import Exam


class KeyBatch(models.Model):
    """Keys that were issued in one act, by one person, to contestants of one exam.

    `request` is the id of the page that asked for them: pressing its button twice issues keys once.
    """

    exam = models.ForeignKey(Exam, on_delete=models.PROTECT, related_name="+")
    request = models.UUIDField(null=True, blank=True, unique=True, editable=False)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    key_count = models.PositiveIntegerField()

    objects = KeyBatchQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at",)
        verbose_name_plural = "key batches"

    def __str__(self) -> str:
        return f"Batch {self.pk}"


@pghistory.track(exclude=["digest"])
class AccessKey(models.Model):
    """One key that lets one contestant into every exam they are registered for.

    `digest` is the HMAC-SHA256 of the key's symbols under the pepper of the settings; the key itself is
    nowhere. `hint` is its first group, for finding it by the slip. `epoch` grows when all sessions of the
    key are ended: tokens and cookies of an older epoch are refused.
    """

    contestant = models.ForeignKey(Contestant, on_delete=models.PROTECT, related_name="keys")
    batch = models.ForeignKey(KeyBatch, on_delete=models.PROTECT, related_name="keys")
    digest = models.BinaryField(max_length=32)
    hint = models.CharField(max_length=4, db_index=True)
    epoch = models.PositiveIntegerField(default=1)
    issued_at = models.DateTimeField()
    printed_at = models.DateTimeField(null=True, blank=True)
    redeemed_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_reason = models.CharField(max_length=300, blank=True)

    objects = AccessKeyQuerySet.as_manager()

    class Meta:
        ordering = ("contestant", "issued_at")
        constraints = [
            models.UniqueConstraint(fields=["digest"], name="access_accesskey_digest_once"),
            models.UniqueConstraint(
                fields=["contestant"],
                condition=Q(revoked_at=None),
                name="access_accesskey_one_valid_per_contestant",
            ),
            models.CheckConstraint(
                condition=Q(revoked_at=None, revoked_reason="")
                | (Q(revoked_at__isnull=False) & ~Q(revoked_reason="")),
                name="access_accesskey_revoked_has_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.hint}-…"

    @property
    def state(self) -> KeyState:
        """Revoked beats redeemed beats issued."""
        if self.revoked_at is not None:
            return KeyState.REVOKED
        return KeyState.ISSUED if self.redeemed_at is None else KeyState.REDEEMED

"""That a person's data were erased, without the data."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q

from apps.access.models.people import Contestant
from apps.access.querysets import ErasureQuerySet


class Erasure(models.Model):
    """What was kept about one contestant was erased: when, by whom, why. The number stays, nothing else.

    Written once; the row it points at is what an erasure leaves, so that counts and ranks still add up.
    """

    contestant = models.OneToOneField(Contestant, on_delete=models.PROTECT, related_name="erasure")
    reason = models.CharField(max_length=300)
    erased_at = models.DateTimeField()
    erased_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    objects = ErasureQuerySet.as_manager()

    class Meta:
        ordering = ("erased_at", "id")
        constraints = [models.CheckConstraint(condition=~Q(reason=""), name="access_erasure_has_a_reason")]
        triggers = [
            pgtrigger.Protect(name="erasure_is_append_only", operation=pgtrigger.Update | pgtrigger.Delete)
        ]

    def __str__(self) -> str:
        return f"Erasure of {self.contestant}"

"""New keys in place of others, chosen by the keys: a lost slip, a file that never arrived."""

from datetime import datetime
from uuid import UUID

from django.contrib.auth.models import AbstractUser
from django.db.models import Exists, OuterRef, Q

from apps.access.models import AccessKey, Registration
from apps.access.services.issuing import IssuedKey, issue_keys_for
from apps.access.services.revoking import ByIds, OfBatch, checked_reason, chosen_keys
from apps.core.errors import RuleViolation


class NothingToReissue(RuleViolation):
    message = "None of these keys is valid any more: they were revoked or replaced already."
    code = "nothing_to_reissue"


def reissue_keys(
    *,
    exam_id: int,
    chosen: OfBatch | ByIds,
    reason: str,
    actor: AbstractUser | None,
    now: datetime,
    request: UUID | None = None,
) -> list[IssuedKey]:
    """Revoke the chosen keys and give their contestants new ones; what was written under them stays.

    Of a batch only valid keys are reissued: what was revoked on purpose stays so. A single revoked key is
    reissued if its contestant has no valid one, so that nobody loses a newer slip by an old row of a list.
    """
    reason = checked_reason(reason)
    keys = chosen_keys(exam_id, chosen)
    newer = AccessKey.objects.valid().filter(contestant=OuterRef("contestant"))
    keys = keys.valid() if isinstance(chosen, OfBatch) else keys.filter(Q(revoked_at=None) | ~Exists(newer))
    registrations = Registration.objects.filter(exam=exam_id, contestant__in=keys.values("contestant"))
    ids = list(registrations.order_by("contestant__number").values_list("pk", flat=True))
    if not ids:
        raise NothingToReissue
    return issue_keys_for(
        exam_id=exam_id,
        registration_ids=ids,
        replace=True,
        reason=reason,
        actor=actor,
        now=now,
        request=request,
    )

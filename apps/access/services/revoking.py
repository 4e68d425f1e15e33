"""Ending keys and sessions. The work written under them stays."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import AbstractUser
from django.db import transaction
from django.db.models import F

from apps.access.models import AccessKey, Contestant, KeyBatch
from apps.access.querysets import AccessKeyQuerySet
from apps.access.rules.people import printed_number
from apps.access.services.history import act
from apps.core.errors import RuleViolation

LONGEST_REASON = 300


@dataclass(frozen=True)
class Everybody:
    """All valid keys of contestants who are registered for the exam."""


@dataclass(frozen=True)
class OfContestants:
    """The keys of these contestants, by their numbers."""

    numbers: Sequence[int]


@dataclass(frozen=True)
class OfBatch:
    """The keys that were issued together; `unused`: without those that were redeemed."""

    batch_id: int
    unused: bool = False


@dataclass(frozen=True)
class ByIds:
    """These keys, as rows of the console or the API name them."""

    key_ids: Sequence[int]


Chosen = Everybody | OfContestants | OfBatch | ByIds


class ReasonMissing(RuleViolation):
    message = f"Give a reason, of at most {LONGEST_REASON} characters: it stays in the history."
    code = "reason_missing"
    status = 400


class ContestantUnknown(RuleViolation):
    code = "contestant_unknown"


class BatchUnknown(RuleViolation):
    message = "This exam has no such batch of keys."
    code = "batch_unknown"


class KeyUnknown(RuleViolation):
    message = "Some of these keys do not belong to this exam."
    code = "key_unknown"
    status = 400


@transaction.atomic
def revoke_keys(
    *, exam_id: int, chosen: Chosen, reason: str, actor: AbstractUser | None, now: datetime
) -> int:
    """Revoke the chosen keys that are still valid; returns how many that were.

    Whoever is signed in with one is signed out by the next request. Nothing is revoked if a number, the
    batch or a key is not of this exam.
    """
    reason = checked_reason(reason)
    with act("revoke_keys", actor=actor, reason=reason):
        return chosen_keys(exam_id, chosen).valid().update(revoked_at=now, revoked_reason=reason)


@transaction.atomic
def end_sessions(*, exam_id: int, chosen: Chosen, reason: str, actor: AbstractUser | None) -> int:
    """Sign out every device that entered with one of the chosen keys; the keys stay valid."""
    reason = checked_reason(reason)
    with act("end_sessions", actor=actor, reason=reason):
        return chosen_keys(exam_id, chosen).valid().update(epoch=F("epoch") + 1)


def checked_reason(reason: str) -> str:
    reason = reason.strip()
    if not reason or len(reason) > LONGEST_REASON:
        raise ReasonMissing
    return reason


def chosen_keys(exam_id: int, chosen: Chosen) -> AccessKeyQuerySet:
    keys = AccessKey.objects.of_exam(exam_id)
    match chosen:
        case Everybody():
            return keys
        case OfContestants(numbers=numbers):
            known = set(
                Contestant.objects.filter(registrations__exam=exam_id, number__in=numbers).values_list(
                    "number", flat=True
                )
            )
            if missing := [printed_number(number) for number in numbers if number not in known]:
                raise ContestantUnknown(f"Nobody in this exam has the number {', '.join(missing)}.")
            return keys.filter(contestant__number__in=numbers)
        case OfBatch(batch_id=batch_id, unused=unused):
            if not KeyBatch.objects.filter(pk=batch_id, exam=exam_id).exists():
                raise BatchUnknown
            return keys.filter(batch=batch_id, **({"redeemed_at": None} if unused else {}))
        case ByIds(key_ids=key_ids):
            wanted = set(key_ids)
            if keys.filter(pk__in=wanted).count() != len(wanted):
                raise KeyUnknown
            return keys.filter(pk__in=wanted)

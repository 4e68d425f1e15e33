"""Redeeming a key: the way in."""

from dataclasses import dataclass
from datetime import datetime

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Case, Exists, OuterRef, When

from apps.access import metrics
from apps.access.models import AccessKey
from apps.access.services.digests import digest_of
from apps.access.services.history import act
from apps.core.errors import RuleViolation


@dataclass(frozen=True, kw_only=True)
class Redeemed:
    """A key that opened: whose it is and for which registrations (usually one), the next to sit first."""

    key_id: int
    epoch: int
    contestant_id: int
    registration_ids: tuple[int, ...]

    @property
    def next_registration_id(self) -> int | None:
        """Where to begin: the exam that is not over and opens first; the cover offers the others."""
        return self.registration_ids[0] if self.registration_ids else None


class KeyUnknown(RuleViolation):
    message = "We do not know this key. Compare it with your slip letter by letter."
    code = "unknown_key"
    status = 401


class KeyReplaced(RuleViolation):
    """The key was revoked; its holder is told, since nobody else could know it."""

    message = "This key was replaced. Ask for the new slip."
    code = "key_replaced"
    status = 403


REVOKED = "This key no longer opens anything. Tell your proctor."


def redeem_key(*, typed: str, now: datetime) -> Redeemed:
    """Find the key that was typed; the first time is written down.

    One query, the same for every text: an unknown key and a malformed one cannot be told apart, not even
    by the time it takes. When the exam opens is not asked here: the cover says it.
    """
    newer = AccessKey.objects.valid().filter(contestant=OuterRef("contestant"))
    key = (
        AccessKey.objects.filter(digest=digest_of(typed))
        .values("pk", "epoch", "contestant_id", "redeemed_at", "revoked_at")
        .annotate(
            registrations=ArrayAgg(
                "contestant__registrations",
                order_by=[
                    Case(When(contestant__registrations__time_block__closes_at__lte=now, then=1), default=0),
                    "contestant__registrations__time_block__opens_at",
                    "contestant__registrations__exam__slug",
                ],
                default=[],
            ),
            has_newer=Exists(newer),
        )
        .first()
    )
    if key is None:
        metrics.UNKNOWN_KEY.inc()
        raise KeyUnknown
    if key["revoked_at"] is not None:
        metrics.KEY_REPLACED.inc()
        raise KeyReplaced(None if key["has_newer"] else REVOKED)
    if key["redeemed_at"] is None:
        with act("redeem_key", actor=None):
            AccessKey.objects.filter(pk=key["pk"], redeemed_at=None).update(redeemed_at=now)
    metrics.LET_IN.inc()
    return Redeemed(
        key_id=key["pk"],
        epoch=key["epoch"],
        contestant_id=key["contestant_id"],
        registration_ids=tuple(one for one in key["registrations"] if one is not None),
    )

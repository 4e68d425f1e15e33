"""Redeeming a key: the way in."""

from dataclasses import dataclass
from datetime import datetime

from apps.access import metrics
from apps.access.models import AccessKey
from apps.access.services.digests import digest_of
from apps.access.services.history import act
from apps.core import prepared
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


# Exams that are over come last, then whichever opens first.
FIND = """
select k.id, k.epoch, k.contestant_id, k.redeemed_at, k.revoked_at,
       exists (
           select from access_accesskey n where n.contestant_id = k.contestant_id and n.revoked_at is null
       ),
       array(
           select r.id
           from access_registration r
           join exams_timeblock b on b.id = r.time_block_id
           join exams_exam x on x.id = r.exam_id
           where r.contestant_id = k.contestant_id
           order by b.closes_at <= %(now)s, b.opens_at, x.slug
       )
from access_accesskey k
where k.digest = %(digest)s
"""
REVOKED = "This key no longer opens anything. Tell your proctor."


def redeem_key(*, typed: str, now: datetime) -> Redeemed:
    """Find the key that was typed; the first time is written down.

    One query, the same for every text: an unknown key and a malformed one cannot be told apart, not even
    by the time it takes. When the exam opens is not asked here: the cover says it.
    """
    rows = prepared.ask(FIND, {"digest": digest_of(typed), "now": now})
    if not rows:
        metrics.UNKNOWN_KEY.inc()
        raise KeyUnknown
    key_id, epoch, contestant_id, redeemed_at, revoked_at, has_newer, registration_ids = rows[0]
    if revoked_at is not None:
        metrics.KEY_REPLACED.inc()
        raise KeyReplaced(None if has_newer else REVOKED)
    if redeemed_at is None:
        with act("redeem_key", actor=None):
            AccessKey.objects.filter(pk=key_id, redeemed_at=None).update(redeemed_at=now)
    metrics.LET_IN.inc()
    return Redeemed(
        key_id=key_id, epoch=epoch, contestant_id=contestant_id, registration_ids=tuple(registration_ids)
    )

"""Opening a paper: the page that was opened last is the one that writes."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from apps.access.selectors.entry import SignedIn, signed_in
from apps.core import prepared
from apps.submissions.selectors.paper import ANSWERS, OwnAnswer, OwnPaper

# The contestant, the pen and the answers in one statement. Two things it must not get wrong:
#   * A save of the page before may hold the paper at this moment. The UPDATE waits for it, but a statement
#     reads the rest as it was when it began: without the lock in `held` the page would show the text from
#     before that save. A locking read returns the row as it is after the wait.
#   * `who` comes first and alone decides who may: nothing is written for a key that does not open.
# The locks are taken in the order of the save path: the paper, then its answers. Both are found by their
# indexes whatever the statistics say (save_statement.py tells why).
# Nobody is told that the pen is saved, so this one transaction does not wait for the disk (`unhurried`, until
# its end): the next commit of anybody writes what stands before it too. A crash before that gives the pen
# back to the page that had it; both texts are kept, as ever, and a reload takes it again.
OPEN = f"""
with who as materialized (
    select k.id as key_id, k.epoch, c.id as contestant_id, c.number, c.name,
           r.id as registration_id, r.tester, x.id as exam_id, x.slug, x.title, x.version, x.status,
           x.notices, coalesce(nullif(b.zone, ''), x.zone) as zone
    from access_accesskey k
    join access_contestant c on c.id = k.contestant_id
    left join access_registration r on r.id = %(registration)s and r.contestant_id = c.id
    left join exams_exam x on x.id = r.exam_id
    left join exams_timeblock b on b.id = r.time_block_id
    where k.id = %(key)s and k.epoch = %(epoch)s and k.revoked_at is null
), opened as (
    update submissions_submission s set writer = %(page)s
    where s.registration_id = any(array(select registration_id from who))
    returning s.id, s.public_id, s.journal_key, s.deadline_at, s.grace_seconds, s.submitted_at
), held as materialized (
    select a.problem_id, a.number, a.text, a.revision
    from opened o cross join lateral (
        select a.problem_id, a.number, a.text, a.revision from submissions_answer a
        where a.submission_id = o.id
        for no key update of a
    ) a
)
select w.key_id, w.epoch, w.contestant_id, w.number, w.name, w.registration_id, w.tester,
       w.exam_id, w.slug, w.title, w.version, w.status, w.notices, w.zone,
       o.id, o.public_id, o.journal_key, o.deadline_at, o.grace_seconds, o.submitted_at,
       h.problem_ids, h.numbers, h.texts, h.revisions,
       set_config('synchronous_commit', 'off', true) as unhurried
from who w left join opened o on true cross join (select {ANSWERS} from held) h
"""  # noqa: S608 - of a text of ours
WHO, EXAM, PAPER, OF_ANSWERS = slice(0, 12), slice(12, 14), slice(14, 20), slice(20, 24)


@dataclass(frozen=True, kw_only=True)
class Opening:
    """Who opened, and what; `paper` is None where none is chosen or started. `page` holds the pen now."""

    contestant: SignedIn
    page: uuid.UUID
    own: OwnPaper | None


def open_paper(*, key_id: int, epoch: int, registration_id: int) -> Opening | None:
    """Check the contestant, make a new page the writer of the paper, and read it: one statement for all.

    Edits of any other page are kept as conflicts from now on. None if the key no longer opens anything. A
    registration of somebody else counts as none chosen.
    """
    page = uuid.uuid4()
    parameters: dict[str, Any] = {
        "key": key_id,
        "epoch": epoch,
        "registration": registration_id,
        "page": page,
    }
    rows = prepared.ask(OPEN, parameters)
    if not rows:
        return None
    row = rows[0]
    contestant = signed_in(row[WHO])
    return Opening(contestant=contestant, page=page, own=own_paper(contestant, row))


def own_paper(contestant: SignedIn, row: tuple[Any, ...]) -> OwnPaper | None:
    notices, zone = row[EXAM]
    pk, public_id, journal_key, deadline_at, grace_seconds, submitted_at = row[PAPER]
    if pk is None or contestant.exam_id is None or contestant.exam_version is None:
        return None
    return OwnPaper(
        pk=pk,
        public_id=public_id,
        journal_key=bytes(journal_key),
        deadline_at=deadline_at,
        grace_seconds=grace_seconds,
        submitted_at=submitted_at,
        contestant_number=contestant.contestant_number,
        contestant_name=contestant.contestant_name,
        is_tester=bool(contestant.tester),
        exam_id=contestant.exam_id,
        exam_version=contestant.exam_version,
        notices=notices,
        zone=zone,
        answers=tuple(map(OwnAnswer, *row[OF_ANSWERS])),
    )

"""Closing a paper and reading what it holds, in one statement; `services/submitting.py` says what it does.

Two things it must not get wrong:
  * A save may hold the paper at this moment. The UPDATE waits for it and asks its WHERE again; but a
    statement reads other rows as they were when it began, and the receipt would certify the text from
    before that save. A locking read returns the answer as it is after the wait.
  * The number of the receipt is taken only for a paper that is really closed here: numbers are for receipts.
The locks are taken in the order of the save path: the paper, then its answers.
"""

CLOSE = """
with closed as (
    update submissions_submission s set submitted_at = {at}, submitted_by = %(by)s
    where s.{which} = %(id)s and s.submitted_at is null
      and s.deadline_at + s.grace_seconds * interval '1 second' {when}
    returning s.id, s.registration_id, s.started_at, s.deadline_at, s.submitted_at
), numbered as materialized (
    select c.*, nextval(pg_get_serial_sequence('submissions_receipt', 'id')) as receipt_number from closed c
), held as materialized (
    select a.number, a.revision, a.text
    from numbered n join submissions_answer a on a.submission_id = n.id
    for no key update of a
)
select p.id, n.receipt_number, x.slug, t.number, n.started_at, n.deadline_at, n.submitted_at,
       h.number, h.revision, h.text
from submissions_submission p
join access_registration r on r.id = p.registration_id
join access_contestant t on t.id = r.contestant_id
join exams_exam x on x.id = r.exam_id
left join numbered n on true
left join held h on true
where p.{which} = %(id)s
"""

HAND_IN = CLOSE.format(which="id", at="%(now)s", when=">= %(now)s")
HAND_IN_OWN = CLOSE.format(which="registration_id", at="%(now)s", when=">= %(now)s")
RECORD_END = CLOSE.format(which="id", at="s.deadline_at", when="< %(now)s")

"""The queue's SQL: a claim is one statement. With `scoring.RECORD` the only change here not made by the ORM.

What the parts of `CLAIM` are for, in their order:

shown  the answer on the grader's screen, if it is still theirs.
held   what else they hold, in their own order; an answer whose paper was reopened is not offered.
fresh  as many waiting answers as are missing, of the first problems that have some. The lateral part is run
       for one problem after the other, and only until enough are locked.
wanted all of these in their order, with the moment until which each is to be theirs.
taken  writes the claims: a claim that is held already is never made shorter, and one that is long enough is
       not written again.

Nothing waits for a lock: `skip locked` gives whoever comes at the same moment the next answer instead (but
see `waiting_for_held`). The conditions stand beside each `for no key update`, because there they are asked
once more when the row changed just before it was locked; the joined parts (the paper, other readings, who
gave it back) are looked at only once, in the window.
"""

CLAIM = """
with shown as materialized (
    select t.id, t.claimed_until
    from grading_gradingtask t
    where t.id = %(shown)s and t.exam_id = %(exam)s and t.status = 'claimed' and t.grader_id = %(grader)s
    for no key update skip locked
), held as materialized (
    select t.id, t.claimed_until
    from grading_gradingtask t
    join submissions_answer a on a.id = t.answer_id
    join submissions_submission s on s.id = a.submission_id
    where t.exam_id = %(exam)s and t.status = 'claimed' and t.grader_id = %(grader)s
      and t.id <> %(shown)s
      and (%(problem)s::bigint is null or t.problem_id = %(problem)s::bigint)
      and (%(held_since)s::timestamptz is null or t.claimed_until >= %(held_since)s::timestamptz)
      and (s.submitted_at is not null or s.deadline_at + s.grace_seconds * interval '1 second' < %(now)s)
    order by hashint8extended(t.id, %(grader)s)
    limit %(count)s
    for no key update of t skip locked
), fresh as materialized (
    select w.id
    from (
        select p.id
        from exams_problem p
        where p.exam_id = %(exam)s
          and (%(problem)s::bigint is null or p.id = %(problem)s::bigint)
          and exists (select from grading_gradingtask t where t.problem_id = p.id and t.status <> 'scored')
        order by p.number
    ) p cross join lateral (
        select t.id
        from grading_gradingtask t
        where t.problem_id = p.id and t.status <> 'scored' and {claimable}
          and t.id = any(array(
              select t.id
              from grading_gradingtask t
              join submissions_answer a on a.id = t.answer_id
              join submissions_submission s on s.id = a.submission_id
              where t.problem_id = p.id and t.status <> 'scored' and {claimable}
                and t.id <> %(shown)s and t.id not in (select id from held)
                and (s.submitted_at is not null
                     or s.deadline_at + s.grace_seconds * interval '1 second' < %(now)s)
                and not exists (
                    select from grading_gradingtask other
                    where other.answer_id = t.answer_id and other.grader_id = %(grader)s and other.id <> t.id)
                and {surrendered} (
                    select from grading_surrender g where g.task_id = t.id and g.grader_id = %(grader)s)
              order by t.id
              limit %(window)s))
        order by hashint8extended(t.id, %(grader)s)
        limit %(count)s
        for no key update skip locked
    ) w
    limit greatest(%(count)s - (select count(*) from held), 0)
), wanted as materialized (
    select id, claimed_until, %(now)s + %(shown_lease)s as until, true as anyhow, 0 as turn from shown
    union all
    select id, claimed_until, %(now)s + %(lease)s, false, row_number() over () from held
    union all
    select id, null, %(now)s + %(lease)s, true, %(count)s + row_number() over () from fresh
), taken as (
    update grading_gradingtask t
    set status = 'claimed', grader_id = %(grader)s,
        claimed_at = case when t.grader_id = %(grader)s and t.claimed_until is not null
                          then t.claimed_at else %(now)s end,
        claimed_until = case when t.grader_id = %(grader)s
                             then greatest(t.claimed_until, w.until) else w.until end
    from wanted w
    where t.id = w.id
      and (w.anyhow or w.claimed_until < %(now)s + %(long_enough)s)
    returning t.id, t.claimed_until
)
select w.id, coalesce(k.claimed_until, w.claimed_until)
from wanted w left join taken k using (id)
order by w.turn
"""

# Waits for a grader: open, stale, or claimed by somebody whose lease ran out.
CLAIMABLE = "(t.status in ('open', 'stale') or (t.status = 'claimed' and t.claimed_until < %(now)s))"

CLAIM = CLAIM.replace("{claimable}", CLAIMABLE)
# What the grader gave back is left to others; asked for, it is all that comes.
CLAIM_NEW = CLAIM.replace("{surrendered}", "not exists")
CLAIM_GIVEN_BACK = CLAIM.replace("{surrendered}", "exists")


def waiting_for_held(statement: str) -> str:
    """The same, waiting for locked answers that the grader holds: asked before saying that none is left.

    Their own page may be claiming ahead at this moment, and what it has locked would be passed by. It waits
    for nothing itself, and who waits here has locked nothing but the answer on the screen: no deadlock.
    """
    return statement.replace("for no key update of t skip locked", "for no key update of t")

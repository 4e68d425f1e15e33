"""The save path's SQL: one statement per batch. This is the one place where a change is not made by the ORM.

What the parts of `SAVE` are for, in their order:

gate   locks the paper and says whether it is open at the database's clock. The key and its epoch are
       checked here: no row means that the contestant was signed out. `statement_timestamp()` is the
       arrival; `clock_timestamp()` would count the wait for the lock against the contestant.
head   locks the answers and reads them *as they are after the wait*. Deciding "current or conflict"
       from an unlocked read would use the snapshot from before it, and two edits would both win.
sound  whether the batch as a whole may be kept: every number is a problem of this paper, no op was used
       for another problem before, and there is room for late drafts.
kept   appends the revisions; an op that exists already inserts nothing, so replaying is harmless.
moved  moves the answer, only for a revision that was really inserted.

If the same op is in flight in another session, `kept` inserts nothing and the snapshot does not show the
other's row: its state is missing, and one more SELECT reads it.
"""

SAVE = """
with gate as materialized (
    select s.id, statement_timestamp() as at, s.deadline_at, s.submitted_at is not null as submitted,
           s.submitted_at is null
               and statement_timestamp() <= s.deadline_at + s.grace_seconds * interval '1 second' as open,
           s.writer is null or s.writer = %(page)s::uuid as writer, x.notices
    from submissions_submission s
    join access_registration r on r.id = s.registration_id
    join exams_exam x on x.id = r.exam_id
    join access_accesskey k on k.contestant_id = r.contestant_id
    where s.id = %(submission)s and k.id = %(key)s and k.epoch = %(epoch)s and k.revoked_at is null
    for no key update of s
), edit as (
    select * from unnest(%(ops)s::uuid[], %(numbers)s::int[], %(texts)s::text[], %(bases)s::int[])
        as e(op, number, text, based_on)
), head as materialized (
    select a.id, a.number, a.revision, a.text
    from submissions_answer a join gate g on g.id = a.submission_id
    where a.number = any(%(numbers)s::int[])
    for no key update of a
), seen as materialized (
    select v.op, v.number, v.state, v.revision
    from submissions_answerrevision v
    where v.submission_id = %(submission)s and v.op = any(%(ops)s::uuid[])
), fault as (
    select e.op, 'unknown' as kind from edit e where e.number not in (select number from head)
    union all
    select e.op, 'reused' from edit e join seen v using (op) where v.number <> e.number
    union all
    select e.op, 'full' from edit e cross join gate g
    where not g.open and e.op not in (select op from seen)
      and %(most_late)s < cardinality(%(ops)s::uuid[]) + (
          select count(*) from submissions_answerrevision v where v.submission_id = g.id and v.state = 'late')
), sound as materialized (
    select not exists (select from fault) as whole
), kept as (
    insert into submissions_answerrevision
        (submission_id, answer_id, op, number, text, based_on, revision, state,
         paper_version, device, received_at)
    select g.id, h.id, e.op, e.number, e.text, e.based_on,
           case when g.open and g.writer and h.revision = e.based_on then h.revision + 1 end,
           case when not g.open then 'late'
                when g.writer and h.revision = e.based_on then 'current'
                else 'conflict' end,
           %(version)s::int, %(device)s::uuid, g.at
    from gate g cross join edit e join head h using (number) cross join sound
    where sound.whole
    on conflict (submission_id, op) do nothing
    returning answer_id, op, state, revision, text
), moved as (
    update submissions_answer a set text = k.text, revision = k.revision
    from kept k where a.id = k.answer_id and k.state = 'current'
)
select g.at, g.deadline_at, g.open, g.submitted, g.notices, g.writer, e.op, e.number,
       coalesce(k.state, v.state) as state, coalesce(k.revision, v.revision) as revision,
       coalesce(k.revision, h.revision) as head, k.op is null as replayed,
       case when coalesce(k.state, v.state) = 'conflict' then h.text end as head_text,
       f.kind as fault
from gate g
left join edit e on true
left join head h using (number)
left join kept k on k.op = e.op
left join seen v on v.op = e.op
left join fault f on f.op = e.op
order by array_position(%(ops)s::uuid[], e.op)
"""

# A heartbeat takes no lock: it only asks for the time, the deadline and the notices.
HEARTBEAT = """
select statement_timestamp() as at, s.deadline_at,
       s.submitted_at is null
           and statement_timestamp() <= s.deadline_at + s.grace_seconds * interval '1 second' as open,
       s.submitted_at is not null as submitted, x.notices,
       s.writer is null or s.writer = %(page)s::uuid as writer
from submissions_submission s
join access_registration r on r.id = s.registration_id
join exams_exam x on x.id = r.exam_id
join access_accesskey k on k.contestant_id = r.contestant_id
where s.id = %(submission)s and k.id = %(key)s and k.epoch = %(epoch)s and k.revoked_at is null
"""

IN_FLIGHT = """
select v.op, v.number, v.state, v.revision, a.revision, a.text
from submissions_answerrevision v join submissions_answer a on a.id = v.answer_id
where v.submission_id = %(submission)s and v.op = any(%(ops)s::uuid[])
"""

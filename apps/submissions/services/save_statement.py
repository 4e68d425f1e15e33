"""The save path's SQL: one statement for all who save at once. Here alone a change is not made by the ORM.

`SAVE` writes the batches of several papers, each as if it were alone: what one holds never touches another.
What its parts are for, in their order:

batch  the calls: who saves, on which paper, by which key.
edit   what they bring, in its order.
gate   locks the papers and says whether each is open at the database's clock. The key and its epoch are
       checked here: no row means that the contestant was signed out, or that somebody holds the paper
       (`patient` waits for it). `statement_timestamp()` is the arrival; `clock_timestamp()` would count
       the wait for the lock against the contestant.
head   locks the answers and reads them *as they are after the wait*. Deciding "current or conflict"
       from an unlocked read would use the snapshot from before it, and two edits would both win.
       Their papers are locked by then, for `g.paper` has to be known first. By `e.paper` answers of a paper
       that somebody else holds were locked as well, and the two waited for each other.
fault  what speaks against keeping a batch: a number that is no problem of its paper, an op that was used for
       another problem before, no room for late drafts.
sound  the papers whose batch is kept as a whole.
kept   appends the revisions; an op that exists already inserts nothing, so replaying is harmless.
moved  moves the answer, only for a revision that was really inserted.

If the same op is in flight in another session, `kept` inserts nothing and the snapshot does not show the
other's row: its state is missing, and one more SELECT reads it.

Tables are read by lateral subqueries that PostgreSQL does not take apart (a lock or `offset 0` in them): so
each row is found by its index, whatever the statistics say. Where they were joined, a connection that made
its plan over empty tables went through all keys for each save.
"""

SAVE = """
with batch as materialized (
    select * from unnest(%(papers)s::bigint[], %(keys)s::bigint[], %(epochs)s::int[], %(pages)s::uuid[],
                         %(versions)s::int[], %(devices)s::uuid[], %(sizes)s::int[])
        as b(paper, key, epoch, page, version, device, size)
), edit as materialized (
    select * from unnest(%(places)s::bigint[], %(ops)s::uuid[], %(numbers)s::int[], %(texts)s::text[],
                         %(bases)s::int[])
        with ordinality as e(paper, op, number, text, based_on, place)
), gate as materialized (
    select b.paper, b.version, b.device, b.size, statement_timestamp() as at,
           s.deadline_at, s.submitted, s.open, s.writer is null or s.writer = b.page as writer, s.notices
    from batch b cross join lateral (
        select s.deadline_at, s.submitted_at is not null as submitted,
               s.submitted_at is null
                   and statement_timestamp() <= s.deadline_at + s.grace_seconds * interval '1 second' as open,
               s.writer, x.notices
        from submissions_submission s
        cross join lateral (
            select r.contestant_id, r.exam_id from access_registration r
            where r.id = s.registration_id offset 0
        ) r
        cross join lateral (select x.notices from exams_exam x where x.id = r.exam_id offset 0) x
        where s.id = b.paper and exists (
            select from access_accesskey k
            where k.id = b.key and k.contestant_id = r.contestant_id and k.epoch = b.epoch
                and k.revoked_at is null offset 0
        )
        for no key update of s skip locked
    ) s
), head as materialized (
    select e.paper, e.number, a.id, a.revision, a.text
    from gate g join edit e using (paper) cross join lateral (
        select a.id, a.revision, a.text from submissions_answer a
        where a.submission_id = g.paper and a.number = e.number
        for no key update of a
    ) a
), seen as materialized (
    select e.paper, e.op, v.number, v.state, v.revision
    from edit e cross join lateral (
        select v.number, v.state, v.revision from submissions_answerrevision v
        where v.submission_id = e.paper and v.op = e.op offset 0
    ) v
), fault as materialized (
    select e.paper, e.op, 'unknown' as kind
    from edit e left join head h using (paper, number) where h.id is null
    union all
    select e.paper, e.op, 'reused' from edit e join seen v using (paper, op) where v.number <> e.number
    union all
    select e.paper, e.op, 'full' from gate g join edit e using (paper) left join seen v using (paper, op)
    where not g.open and v.op is null and %(most_late)s < g.size + (
        select count(*) from submissions_answerrevision v
        where v.submission_id = g.paper and v.state = 'late')
), sound as materialized (
    select g.paper from gate g where not exists (select from fault f where f.paper = g.paper)
), kept as (
    insert into submissions_answerrevision
        (submission_id, answer_id, op, number, text, based_on, revision, state,
         paper_version, device, received_at)
    select g.paper, h.id, e.op, e.number, e.text, e.based_on,
           case when g.open and g.writer and h.revision = e.based_on then h.revision + 1 end,
           case when not g.open then 'late'
                when g.writer and h.revision = e.based_on then 'current'
                else 'conflict' end,
           g.version, g.device, g.at
    from gate g join sound using (paper) join edit e using (paper) join head h using (paper, number)
    on conflict (submission_id, op) do nothing
    returning submission_id as paper, answer_id, op, state, revision, text
), moved as (
    update submissions_answer a
    set (text, revision) = (select k.text, k.revision from kept k where k.answer_id = a.id)
    where a.id = any(array(select k.answer_id from kept k where k.state = 'current'))
)
select g.at, g.deadline_at, g.open, g.submitted, g.notices, g.writer, e.op, e.number,
       coalesce(k.state, v.state) as state, coalesce(k.revision, v.revision) as revision,
       coalesce(k.revision, h.revision) as head, k.op is null as replayed,
       case when coalesce(k.state, v.state) = 'conflict' then h.text end as head_text,
       f.kind as fault, g.paper
from gate g
join edit e using (paper)
left join head h using (paper, number)
left join kept k using (paper, op)
left join seen v using (paper, op)
left join fault f using (paper, op)
order by e.place
"""
# The driver remembers its translation of texts of up to 4,096 characters. This one has as many without what
# only we read; else it would be translated anew for each save.
SAVE = "\n".join(line.strip() for line in SAVE.splitlines())

# A heartbeat takes no lock: it only asks for the time, the deadline and the notices.
HEARTBEAT = """
select statement_timestamp() as at, s.deadline_at,
       s.submitted_at is null
           and statement_timestamp() <= s.deadline_at + s.grace_seconds * interval '1 second' as open,
       s.submitted_at is not null as submitted, x.notices,
       s.writer is null or s.writer = %(page)s::uuid as writer
from submissions_submission s
cross join lateral (
    select r.contestant_id, r.exam_id from access_registration r where r.id = s.registration_id offset 0
) r
cross join lateral (select x.notices from exams_exam x where x.id = r.exam_id offset 0) x
where s.id = %(submission)s and exists (
    select from access_accesskey k
    where k.id = %(key)s and k.contestant_id = r.contestant_id and k.epoch = %(epoch)s
        and k.revoked_at is null offset 0
)
"""

IN_FLIGHT = """
select v.op, v.number, v.state, v.revision, a.revision, a.text
from submissions_answerrevision v
cross join lateral (select a.revision, a.text from submissions_answer a where a.id = v.answer_id offset 0) a
where v.submission_id = %(submission)s and v.op = any(%(ops)s::uuid[])
"""


def patient(statement: str) -> str:
    """The same, but waiting for a paper that somebody holds: another tab, its handing in, an organiser."""
    return statement.replace(" skip locked", "")

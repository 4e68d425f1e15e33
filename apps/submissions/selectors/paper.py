"""The paper as its contestant writes on it: their own answers and times, and what the exam shows to all."""

import uuid
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta

from apps.access.rules.people import printed_number
from apps.core import prepared
from apps.exams.enums import Phase
from apps.exams.selectors.content import ChoiceContent, ExamContent, get_content
from apps.submissions.selectors.times import phase_of_paper


@dataclass(frozen=True)
class OwnAnswer:
    """An answer's row. `number` is the problem's, as it was at the start."""

    problem_id: int
    number: int
    text: str
    revision: int


@dataclass(frozen=True, kw_only=True)
class OwnPaper:
    """What one statement reads of a started paper; nothing of it is ever cached."""

    pk: int
    public_id: uuid.UUID
    journal_key: bytes
    deadline_at: datetime
    grace_seconds: int
    submitted_at: datetime | None
    contestant_number: str
    contestant_name: str
    is_tester: bool
    exam_id: int
    exam_version: int
    notices: int
    zone: str
    answers: tuple[OwnAnswer, ...]


@dataclass(frozen=True)
class AnswerHeld:
    """What the server holds for a problem now."""

    text: str
    revision: int


@dataclass(frozen=True)
class PaperProblem:
    """One problem with its answer. `op` is for the form that works without scripts."""

    problem_id: int
    number: int
    kind: str
    max_points: str
    statement_html: str
    note: str
    choices: tuple[ChoiceContent, ...]
    answer: AnswerHeld
    op: uuid.UUID = field(default_factory=uuid.uuid4)


@dataclass(frozen=True)
class Paper:
    """A started paper: its problems in order, its time, and what its page needs to save.

    `paper_version` is the exam's version that `content` is of: what a page shows, and says it showed.
    """

    pk: int
    submission_id: str
    content: ExamContent
    contestant_number: str
    contestant_name: str
    is_tester: bool
    problems: tuple[PaperProblem, ...]
    now: datetime
    deadline_at: datetime
    grace_seconds: int
    zone: str
    notices: int
    phase: Phase
    journal_key: str

    @property
    def exam_title(self) -> str:
        return self.content.title

    @property
    def instructions_html(self) -> str:
        return self.content.instructions_html

    @property
    def paper_version(self) -> int:
        return self.content.version

    @property
    def blank(self) -> tuple[int, ...]:
        return tuple(problem.number for problem in self.problems if not problem.answer.text.strip())

    @property
    def answered_count(self) -> int:
        return len(self.problems) - len(self.blank)

    @property
    def problems_count(self) -> int:
        return len(self.problems)

    @property
    def minutes_left(self) -> int:
        return max(self.deadline_at - self.now, timedelta(0)) // timedelta(minutes=1)


# All answers of a paper in one row: what `OwnAnswer` is made of, each column as a list.
ANSWERS = """
    array_agg(problem_id order by number) as problem_ids, array_agg(number order by number) as numbers,
    array_agg(text order by number) as texts, array_agg(revision order by number) as revisions
"""
# Everybody asks for it who is about to hand in: putting it together from models took four times as long as
# asking it. First the fields of `OwnPaper` in their order, then those of its answers.
GET = f"""
select s.id, s.public_id, s.journal_key, s.deadline_at, s.grace_seconds, s.submitted_at,
       c.number, c.name, r.tester, r.exam_id, x.version, x.notices, coalesce(nullif(b.zone, ''), x.zone),
       h.problem_ids, h.numbers, h.texts, h.revisions
from submissions_submission s
join access_registration r on r.id = s.registration_id
join access_contestant c on c.id = r.contestant_id
join exams_exam x on x.id = r.exam_id
join exams_timeblock b on b.id = r.time_block_id
cross join lateral (select {ANSWERS} from submissions_answer where submission_id = s.id) h
where s.registration_id = %(registration)s and h.numbers is not null
"""  # noqa: S608 - of a text of ours
COLUMNS = [one.name for one in fields(OwnPaper) if one.name != "answers"]


def get_paper(*, registration_id: int, now: datetime) -> Paper | None:
    """The paper of a registration, in one query beside the cache; None before it is started."""
    rows = prepared.ask(GET, {"registration": registration_id})
    if not rows:
        return None
    named = dict(zip(COLUMNS, rows[0], strict=False))
    named["contestant_number"] = printed_number(named["contestant_number"])
    answers = tuple(map(OwnAnswer, *rows[0][len(COLUMNS) :]))
    return paper_of(OwnPaper(**named, answers=answers), now=now)


def paper_of(own: OwnPaper, *, now: datetime) -> Paper:
    """A paper's own rows, with the content of its exam."""
    content = get_content(exam_id=own.exam_id, version=own.exam_version)
    return Paper(
        pk=own.pk,
        submission_id=str(own.public_id),
        content=content,
        contestant_number=own.contestant_number,
        contestant_name=own.contestant_name,
        is_tester=own.is_tester,
        problems=tuple(problem_of(answer, content) for answer in own.answers),
        now=now,
        deadline_at=own.deadline_at,
        grace_seconds=own.grace_seconds,
        zone=own.zone,
        notices=own.notices,
        phase=phase_of_paper(own, now),
        journal_key=urlsafe_b64encode(own.journal_key).decode().rstrip("="),
    )


def problem_of(answer: OwnAnswer, content: ExamContent) -> PaperProblem:
    problem = content.by_id[answer.problem_id]
    return PaperProblem(
        problem_id=answer.problem_id,
        number=answer.number,
        kind=problem.kind,
        max_points=problem.max_points,
        statement_html=problem.statement_html,
        note=problem.note,
        choices=problem.choices,
        answer=AnswerHeld(answer.text, answer.revision),
    )

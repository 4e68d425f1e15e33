"""The paper as its contestant writes on it."""

import uuid
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from apps.exams.enums import Phase
from apps.exams.models import StatementVersion
from apps.exams.rules.points import show_points
from apps.submissions.models import Answer
from apps.submissions.selectors.times import phase_of_paper


@dataclass(frozen=True)
class Choice:
    label: str
    html: str


@dataclass(frozen=True)
class AnswerHeld:
    """What the server holds for a problem now."""

    text: str
    revision: int


@dataclass(frozen=True)
class PaperProblem:
    """One problem with its answer. `op` is for the form that works without scripts.

    `unsaved_text` is what such a form brought while the answer had changed elsewhere; None otherwise.
    """

    number: int
    kind: str
    max_points: str
    statement_html: str
    note: str
    choices: tuple[Choice, ...]
    answer: AnswerHeld
    op: uuid.UUID = field(default_factory=uuid.uuid4)
    unsaved_text: str | None = None


@dataclass(frozen=True)
class Paper:
    """A started paper: its problems in order, its time, and what its page needs to save.

    The last three are of one opened page, which the view fills in.
    """

    pk: int
    submission_id: str
    exam_title: str
    contestant_number: str
    contestant_name: str
    is_tester: bool
    instructions_html: str
    problems: tuple[PaperProblem, ...]
    now: datetime
    deadline_at: datetime
    grace_seconds: int
    zone: str
    notices: int
    phase: Phase
    paper_version: int
    journal_key: str
    device: str = ""
    save_token: str = ""
    save_url: str = ""

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


def get_paper(*, registration_id: int, now: datetime) -> Paper | None:
    """The paper of a registration, in two queries; None before it is started."""
    answers = list(
        Answer.objects.filter(submission__registration_id=registration_id)
        .select_related(
            "problem",
            "submission__registration__exam",
            "submission__registration__time_block",
            "submission__registration__contestant",
        )
        .order_by("number")
    )
    if not answers:
        return None
    submission = answers[0].submission
    registration = submission.registration
    statements = {
        statement.problem_id: statement
        for statement in StatementVersion.objects.filter(problem__exam=registration.exam_id).current()
    }
    return Paper(
        pk=submission.pk,
        submission_id=str(submission.public_id),
        exam_title=registration.exam.title,
        contestant_number=registration.contestant.public_number,
        contestant_name=registration.contestant.name,
        is_tester=registration.tester,
        instructions_html=registration.exam.instructions_html,
        problems=tuple(problem_of(answer, statements.get(answer.problem_id)) for answer in answers),
        now=now,
        deadline_at=submission.deadline_at,
        grace_seconds=submission.grace_seconds,
        zone=registration.time_block.zone or registration.exam.zone,
        notices=registration.exam.notices,
        phase=phase_of_paper(submission, now),
        paper_version=registration.exam.version,
        journal_key=urlsafe_b64encode(submission.journal_key).decode().rstrip("="),
    )


def problem_of(answer: Answer, statement: StatementVersion | None) -> PaperProblem:
    """A problem without a statement shows none: the paper must open whatever was forgotten."""
    choices = () if statement is None else zip(statement.choices, statement.choices_html, strict=True)
    return PaperProblem(
        number=answer.number,
        kind=answer.problem.kind,
        max_points=show_points(answer.problem.max_points),
        statement_html="" if statement is None else statement.html,
        note="" if statement is None else statement.note,
        choices=tuple(Choice(choice["label"], html) for choice, html in choices),
        answer=AnswerHeld(answer.text, answer.revision),
    )

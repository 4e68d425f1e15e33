"""One answer as its grader sees it: the statement that was seen, and a blind code for the contestant."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, TypeAlias, TypedDict, cast

from django.db.models import Exists, OuterRef, QuerySet, Subquery

from apps.access.models import Contestant
from apps.exams.enums import ProblemKind
from apps.exams.models import StatementVersion
from apps.grading.enums import TaskStatus
from apps.grading.models import Assignment, GradingTask, Referral, Score, Surrender
from apps.grading.rules.equivalence import equals_accepted
from apps.grading.selectors.handling import Handling, list_handling, note_to_lead
from apps.grading.selectors.statements import statement_seen
from apps.submissions.models import Answer, AnswerRevision

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations


class Traces(TypedDict):
    """What is found out with the task itself, so that nothing is asked for that is not there.

    `written_on`: the version of the paper that its contestant had before their eyes; None for a blank.
    """

    written_on: int | None
    is_scored: bool
    changed_hands: bool


TaskRead: TypeAlias = "WithAnnotations[GradingTask, Traces]"


@dataclass(frozen=True, slots=True)
class Choice:
    label: str
    html: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class ScoreVersion:
    """`points` None: this version took the one before back. `together`: how many the same act scored."""

    version: int
    points: Decimal | None
    comment: str
    note: str
    answer_revision: int
    grader: str
    scored_at: datetime
    together: int


@dataclass(frozen=True, slots=True)
class Sheet:
    """Everything on the scoring page. `newer_statement`: the statement changed after the contestant's.

    `contestant` is blank in an exam that is graded blind. `seconds_left` of a claim; negative once it ended.
    """

    task_id: int
    exam_id: int
    exam_title: str
    problem_id: int
    number: int
    kind: str
    max_points: Decimal
    not_counted: bool
    blind_code: str
    contestant: str
    reading: int
    status: str
    grader_id: int | None
    grader: str
    claimed_until: datetime | None
    seconds_left: int
    paper_open: bool
    statement_version: int
    newer_statement: bool
    statement_html: str
    choices: Sequence[Choice]
    accepted: Sequence[str]
    solution_html: str
    text: str
    revision: int
    equals_accepted: bool
    scores: Sequence[ScoreVersion]
    handling: Sequence[Handling]

    @property
    def is_blank(self) -> bool:
        return not self.text.strip()

    @property
    def score(self) -> ScoreVersion | None:
        """The one that counts; none while nobody scored the answer, or since that was taken back."""
        return self.scores[0] if self.scores and self.scores[0].points is not None else None

    @property
    def is_stale(self) -> bool:
        """The answer changed after it was scored, whether or not the queue has noticed."""
        return self.score is not None and self.score.answer_revision != self.revision

    @property
    def referral(self) -> Handling | None:
        """With which words the answer was sent to the lead, while it is there."""
        return note_to_lead(self.handling) if self.status == TaskStatus.REFERRED else None

    @property
    def newest_version(self) -> int:
        return self.scores[0].version if self.scores else 0


def read_tasks() -> "QuerySet[TaskRead]":
    """Tasks with all that `describe_task` needs of them, in one query."""
    written = AnswerRevision.objects.filter(
        answer=OuterRef("answer"), revision=OuterRef("answer__revision")
    ).order_by()
    here = {"task": OuterRef("pk")}
    tasks = (
        GradingTask.objects.select_related("exam", "problem", "grader", "answer__submission")
        .defer("exam__instructions", "exam__instructions_html", "problem__solution")
        .annotate(
            written_on=Subquery(written.values("paper_version")[:1]),
            is_scored=Exists(Score.objects.filter(**here)),
            changed_hands=Exists(Surrender.objects.filter(**here))
            | Exists(Referral.objects.filter(**here))
            | Exists(Assignment.objects.filter(**here)),
        )
    )
    return cast("QuerySet[TaskRead]", tasks)


def get_sheet(task_id: int, now: datetime) -> Sheet:
    """One task with all that is needed to judge it, in two to four queries."""
    return describe_task(read_tasks().get(pk=task_id), now)


def describe_task(task: "TaskRead", now: datetime) -> Sheet:
    """The same for one of `read_tasks`: the statements in a query, scores and hands in one each if any."""
    problem, answer = task.problem, task.answer
    seen, newest = statements_of(task)
    return Sheet(
        task_id=task.pk,
        exam_id=task.exam_id,
        exam_title=task.exam.title,
        problem_id=problem.pk,
        number=problem.number,
        kind=problem.kind,
        max_points=problem.max_points,
        not_counted=problem.not_counted,
        blind_code=answer.submission.blind_code,
        contestant="" if task.exam.blind else name_contestant(answer),
        reading=task.reading,
        status=TaskStatus(task.status),
        grader_id=task.grader_id,
        grader=task.grader.get_username() if task.grader else "",
        claimed_until=task.claimed_until,
        seconds_left=int((task.claimed_until - now).total_seconds()) if task.claimed_until else 0,
        paper_open=not answer.submission.is_closed_at(now),
        statement_version=seen.version,
        newer_statement=newest.version > seen.version,
        statement_html=seen.html,
        choices=choices_of(seen, answer.text) if problem.kind == ProblemKind.CHOICE else [],
        accepted=problem.accepted,
        solution_html=problem.solution_html,
        text=answer.text,
        revision=answer.revision,
        equals_accepted=equals_accepted(answer.text, problem.accepted, kind=problem.kind),
        scores=list_score_versions(task.pk) if task.is_scored else [],
        handling=list_handling(task.pk) if task.changed_hands else [],
    )


def name_contestant(answer: Answer) -> str:
    """Number and name, for an exam whose organiser chose not to grade blind."""
    contestant = Contestant.objects.get(registrations=answer.submission.registration_id)
    return f"{contestant.public_number} {contestant.name}".strip()


def statements_of(task: "TaskRead") -> tuple[StatementVersion, StatementVersion]:
    """The statement that the contestant saw when writing this answer, and the newest one."""
    versions = list(StatementVersion.objects.filter(problem_id=task.problem_id).order_by("version"))
    return statement_seen(versions, task.written_on), versions[-1]


def choices_of(statement: StatementVersion, answer: str) -> list[Choice]:
    return [
        Choice(label=choice["label"], html=html, chosen=choice["label"] == answer.strip())
        for choice, html in zip(statement.choices, statement.choices_html, strict=True)
    ]


def list_score_versions(task_id: int) -> list[ScoreVersion]:
    """All versions of a task's score, the current one first."""
    return [
        describe_score(score)
        for score in Score.objects.filter(task_id=task_id)
        .select_related("grader", "act")
        .order_by("-version")
    ]


def describe_score(score: Score) -> ScoreVersion:
    return ScoreVersion(
        version=score.version,
        points=score.points,
        comment=score.comment,
        note=score.note,
        answer_revision=score.answer_revision,
        grader=score.grader.get_username(),
        scored_at=score.scored_at,
        together=score.act.count if score.act else 0,
    )

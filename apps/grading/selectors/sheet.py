"""One answer as its grader sees it: the statement that was seen, and a blind code for the contestant."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from apps.access.models import Contestant
from apps.exams.enums import ProblemKind
from apps.exams.models import StatementVersion
from apps.grading.enums import TaskStatus
from apps.grading.models import GradingTask, Score
from apps.grading.rules.equivalence import equals_accepted
from apps.grading.selectors.handling import Handling, list_handling, note_to_lead
from apps.grading.selectors.statements import statement_seen
from apps.submissions.models import Answer, AnswerRevision, Submission

# What `describe_task` reads of a task, besides its own columns.
TASK_PARTS = ("exam", "problem", "grader", "answer__submission")


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


def get_sheet(task_id: int, now: datetime) -> Sheet:
    """One task with all that is needed to judge it, in six queries."""
    return describe_task(GradingTask.objects.select_related(*TASK_PARTS).get(pk=task_id), now)


def describe_task(task: GradingTask, now: datetime) -> Sheet:
    """The same for a task that was read with its `TASK_PARTS`, in five queries."""
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
        paper_open=Submission.objects.accepting_at(now).filter(pk=answer.submission_id).exists(),
        statement_version=seen.version,
        newer_statement=newest.version > seen.version,
        statement_html=seen.html,
        choices=choices_of(seen, answer.text) if problem.kind == ProblemKind.CHOICE else [],
        accepted=problem.accepted,
        solution_html=problem.solution_html,
        text=answer.text,
        revision=answer.revision,
        equals_accepted=equals_accepted(answer.text, problem.accepted, kind=problem.kind),
        scores=list_score_versions(task.pk),
        handling=list_handling(task.pk),
    )


def name_contestant(answer: Answer) -> str:
    """Number and name, for an exam whose organiser chose not to grade blind."""
    contestant = Contestant.objects.get(registrations=answer.submission.registration_id)
    return f"{contestant.public_number} {contestant.name}".strip()


def statements_of(task: GradingTask) -> tuple[StatementVersion, StatementVersion]:
    """The statement that the contestant saw when writing this answer, and the newest one."""
    versions = list(StatementVersion.objects.filter(problem_id=task.problem_id).order_by("version"))
    written_on = (
        AnswerRevision.objects.filter(answer_id=task.answer_id, revision=task.answer.revision)
        .values_list("paper_version", flat=True)
        .first()
    )
    return statement_seen(versions, written_on), versions[-1]


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

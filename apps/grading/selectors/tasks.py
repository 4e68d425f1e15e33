"""Grading tasks as programs see them, many at once. Nothing here knows a contestant."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import F

from apps.exams.models import StatementVersion
from apps.grading.models import GradingTask, Score
from apps.grading.selectors.statements import statement_seen
from apps.submissions.models import AnswerRevision

# What `describe_tasks` reads of a task, besides its own columns.
PARTS = ("problem", "answer__submission")


@dataclass(frozen=True, slots=True)
class TaskShown:
    """A task with its answer, the statement that was seen, and the score that counts (None: none does).

    `version` is the newest version of the score, 0 if there is none: what the next one is based on.
    """

    task_id: int
    exam_id: int
    number: int
    kind: str
    max_points: Decimal
    accepted: Sequence[str]
    solution_html: str
    statement_html: str
    blind_code: str
    reading: int
    status: str
    claimed_until: datetime | None
    revision: int
    text: str
    score: Score | None
    version: int


def describe_tasks(tasks: Sequence[GradingTask]) -> list[TaskShown]:
    """Tasks that were read with their `PARTS`, in three queries."""
    scores = {score.task_id: score for score in Score.objects.filter(task__in=tasks).current()}
    statements = statements_by_problem(tasks)
    written_on = dict(
        AnswerRevision.objects.filter(
            answer__in=[task.answer_id for task in tasks], revision=F("answer__revision")
        ).values_list("answer_id", "paper_version")
    )
    return [
        TaskShown(
            task_id=task.pk,
            exam_id=task.exam_id,
            number=task.problem.number,
            kind=task.problem.kind,
            max_points=task.problem.max_points,
            accepted=task.problem.accepted,
            solution_html=task.problem.solution_html,
            statement_html=html_seen(statements[task.problem_id], written_on.get(task.answer_id)),
            blind_code=task.answer.submission.blind_code,
            reading=task.reading,
            status=task.status,
            claimed_until=task.claimed_until,
            revision=task.answer.revision,
            text=task.answer.text,
            score=score if score and score.points is not None else None,
            version=score.version if score else 0,
        )
        for task, score in ((task, scores.get(task.pk)) for task in tasks)
    ]


def statements_by_problem(tasks: Sequence[GradingTask]) -> Mapping[int, list[StatementVersion]]:
    """All versions, the oldest first."""
    found: dict[int, list[StatementVersion]] = defaultdict(list)
    problems = {task.problem_id for task in tasks}
    for version in StatementVersion.objects.filter(problem__in=problems).order_by("version"):
        found[version.problem_id].append(version)
    return found


def html_seen(versions: Sequence[StatementVersion], paper_version: int | None) -> str:
    return statement_seen(versions, paper_version).html if versions else ""

"""What a grader did: the last save, and all of their scores."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.core.paginator import Page, Paginator
from django.db.models import Count, F, Subquery
from django.db.models.expressions import Combinable

from apps.exams.models import Exam
from apps.grading.enums import TaskStatus
from apps.grading.models import GradingTask, Publication, Score

PAGE_SIZE = 50
# By what the list may be sorted; the task makes each order a stable one.
ORDERS: dict[str, tuple[str | Combinable, ...]] = {
    "newest": ("-scored_at", "pk"),
    "oldest": ("scored_at", "pk"),
    "most": (F("points").desc(nulls_last=True), "pk"),
    "fewest": ("points", "pk"),
}


@dataclass(frozen=True, slots=True)
class LastSave:
    """A score somebody just gave, as long as it is still the newest of its answer."""

    task_id: int
    version: int
    points: Decimal
    blind_code: str
    number: int


@dataclass(frozen=True, slots=True)
class PointsGiven:
    """How often the grader gave these points for a problem."""

    points: Decimal
    count: int


@dataclass(frozen=True, slots=True)
class ProblemScores:
    problem_id: int
    number: int
    count: int
    given: Sequence[PointsGiven]


@dataclass(frozen=True, slots=True)
class MyScores:
    """`frozen`: the results are published, so that only a lead corrects a score, with a reason."""

    frozen: bool
    problems: Sequence[ProblemScores]
    page: "Page[GradingTask]"


def get_last_save(task_id: int, exam: Exam, grader_id: int) -> LastSave | None:
    """The grader's own newest score of a task, in one query; None if it was undone or corrected since."""
    score = (
        Score.objects.filter(task=task_id, task__exam=exam)
        .select_related("task__problem", "task__answer__submission")
        .order_by("-version")
        .first()
    )
    if score is None or score.points is None or score.grader_id != grader_id:
        return None
    return LastSave(
        task_id=task_id,
        version=score.version,
        points=score.points,
        blind_code=score.task.answer.submission.blind_code,
        number=score.task.problem.number,
    )


def list_my_scores(
    exam: Exam,
    grader_id: int,
    *,
    problem_id: int | None = None,
    points: Decimal | None = None,
    order: str = "newest",
    page: int = 1,
) -> MyScores:
    """The answers whose reading is the grader's, a page at a time, in four queries.

    Their newest score is shown, also where a lead corrected it.
    """
    newest = Score.objects.newest_for_task()
    scored = (
        GradingTask.objects.filter(exam=exam, grader=grader_id, status=TaskStatus.SCORED)
        .annotate(
            points=Subquery(newest.values("points")[:1]),
            scored_at=Subquery(newest.values("scored_at")[:1]),
            versions=Count("scores"),
        )
        .select_related("problem", "answer__submission")
    )
    wanted = scored
    if problem_id is not None:
        wanted = wanted.filter(problem=problem_id)
    if points is not None:
        wanted = wanted.filter(points=points)
    return MyScores(
        frozen=is_frozen(exam.pk),
        problems=count_given(exam, grader_id),
        page=Paginator(wanted.order_by(*ORDERS[order]), PAGE_SIZE).get_page(page),
    )


def count_given(exam: Exam, grader_id: int) -> list[ProblemScores]:
    """How often which points were given, for each problem."""
    newest = Score.objects.newest_for_task().values("points")[:1]
    rows = (
        GradingTask.objects.filter(exam=exam, grader=grader_id, status=TaskStatus.SCORED)
        .annotate(points=Subquery(newest))
        .order_by("problem__number", "points")
        .values_list("problem_id", "problem__number", "points")
        .annotate(count=Count("pk"))
    )
    problems: dict[tuple[int, int], list[PointsGiven]] = {}
    for problem_id, number, points, count in rows:
        problems.setdefault((problem_id, number), []).append(PointsGiven(points, count))
    return [
        ProblemScores(problem_id, number, sum(one.count for one in given), given)
        for (problem_id, number), given in problems.items()
    ]


def is_frozen(exam_id: int) -> bool:
    return Publication.objects.filter(exam=exam_id).standing().exists()

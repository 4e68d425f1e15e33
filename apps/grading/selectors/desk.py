"""A grader's desk: how far each problem of an exam is. Nothing here knows a contestant."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db.models import Count, Q

from apps.exams.models import Exam, Problem
from apps.exams.rules import roles
from apps.grading.enums import TaskStatus
from apps.grading.models import GradingTask, Surrender
from apps.grading.querysets import NOTHING_WRITTEN
from apps.grading.selectors.backlog import answers_without_task
from apps.submissions.models import Submission

COUNTS = ("total", "scored", "waiting", "blank", "held_by_me", "held_by_others", "stale", "referred")


@dataclass(frozen=True, slots=True)
class ProblemProgress:
    """One row of the desk; `waiting` answers can be claimed now, `blank` ones among them are empty.

    `stale` ones changed after they were scored; those the queue has not noticed yet are not in `waiting`.
    """

    problem_id: int
    number: int
    kind: str
    max_points: Decimal
    not_counted: bool
    total: int
    scored: int
    waiting: int
    blank: int
    held_by_me: int
    held_by_others: int
    stale: int
    referred: int

    @property
    def percent(self) -> int:
        """Rounded down: 100 means that nothing is left."""
        return 100 * self.scored // self.total if self.total else 0


@dataclass(frozen=True, slots=True)
class Desk:
    exam_id: int
    title: str
    problems: Sequence[ProblemProgress]
    unqueued: int
    outdated: int
    open_papers: int
    given_back: int

    @property
    def total(self) -> int:
        return sum(row.total for row in self.problems)

    @property
    def scored(self) -> int:
        return sum(row.scored for row in self.problems)

    @property
    def waiting(self) -> int:
        return sum(row.waiting for row in self.problems)

    @property
    def held(self) -> int:
        return sum(row.held_by_me + row.held_by_others for row in self.problems)

    @property
    def referred(self) -> int:
        return sum(row.referred for row in self.problems)


def list_desks(user: AbstractBaseUser | AnonymousUser) -> list[Exam]:
    """Exams in which the user may score."""
    return list(Exam.objects.visible_to(user, roles.SCORE))


def get_desk(exam: Exam, grader: AbstractBaseUser | AnonymousUser, now: datetime) -> Desk:
    """Progress per problem, in six queries."""
    papers = Submission.objects.filter(registration__exam_id=exam.pk)
    free = Q(status__in=[TaskStatus.OPEN, TaskStatus.STALE]) | Q(
        status=TaskStatus.CLAIMED, claimed_until__lt=now
    )
    held = Q(status=TaskStatus.CLAIMED, claimed_until__gte=now)
    counts: dict[int, dict[str, int]] = {
        problem_id: dict(zip(COUNTS, numbers, strict=True))
        for problem_id, *numbers in GradingTask.objects.filter(exam_id=exam.pk)
        .of_papers(papers.closed_at(now))
        .order_by()
        .values_list("problem_id")
        .annotate(
            total=Count("pk"),
            scored=Count("pk", filter=Q(status=TaskStatus.SCORED)),
            waiting=Count("pk", filter=free),
            blank=Count("pk", filter=free & Q(answer__text__regex=NOTHING_WRITTEN)),
            held_by_me=Count("pk", filter=held & Q(grader_id=grader.pk)),
            held_by_others=Count("pk", filter=held & ~Q(grader_id=grader.pk)),
            stale=Count("pk", filter=Q(status=TaskStatus.STALE)),
            referred=Count("pk", filter=Q(status=TaskStatus.REFERRED)),
        )
    }
    outdated = dict(
        GradingTask.objects.filter(exam_id=exam.pk)
        .outdated()
        .of_papers(papers.closed_at(now))
        .order_by()
        .values_list("problem_id")
        .annotate(count=Count("pk"))
    )
    for problem_id, count in outdated.items():
        counts[problem_id]["scored"] -= count
        counts[problem_id]["stale"] += count
    return Desk(
        exam_id=exam.pk,
        title=exam.title,
        problems=[
            progress_of(problem, counts.get(problem.pk, {}))
            for problem in Problem.objects.filter(exam_id=exam.pk).order_by("number")
        ],
        unqueued=answers_without_task(exam.pk, now).count(),
        outdated=sum(outdated.values()),
        open_papers=papers.counted().accepting_at(now).count(),
        given_back=Surrender.objects.filter(grader_id=grader.pk, task__exam_id=exam.pk)
        .filter(task__in=GradingTask.objects.claimable_at(now))
        .count(),
    )


def progress_of(problem: Problem, counts: Mapping[str, int]) -> ProblemProgress:
    return ProblemProgress(
        problem_id=problem.pk,
        number=problem.number,
        kind=problem.get_kind_display(),
        max_points=problem.max_points,
        not_counted=problem.not_counted,
        **{name: counts.get(name, 0) for name in COUNTS},
    )

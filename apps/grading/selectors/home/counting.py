"""What the cards of the console's home count, for all exams at once: a fixed number of queries."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.contrib.auth.models import AbstractUser
from django.db.models import Count, Exists, Max, OuterRef, Q

from apps.access.models import AccessKey, Registration
from apps.exams.models import Exam, Problem, TimeBlock
from apps.exams.rules import phases
from apps.grading.enums import TaskStatus
from apps.grading.models import GradingTask, Publication, Surrender
from apps.grading.rules.stages import Block
from apps.grading.selectors.backlog import unqueued_answers
from apps.grading.selectors.readiness import Scored, count_scored
from apps.submissions.models import Submission
from apps.submissions.selectors.times import clock_of


@dataclass(slots=True)
class Published:
    """An exam's newest publication, and since when results stand; None when they do not."""

    newest: int = 0
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class People:
    """Without key: neither a valid key nor a paper. Entered: came in with their key, or started.

    One key opens every exam of a contest, so it may have been another exam that they came in for.
    """

    registered: int = 0
    without_key: int = 0
    entered: int = 0


@dataclass(slots=True)
class Papers:
    started: int = 0
    writing: int = 0


@dataclass(slots=True)
class Sitting:
    """The papers of exams, and the blocks with what those papers do."""

    papers: dict[int, Papers] = field(default_factory=lambda: defaultdict(Papers))
    open_until: dict[int, datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Counts:
    """What the current exams' cards need, by exam."""

    papers: Mapping[int, Papers]
    people: Mapping[int, People]
    problems: Mapping[int, Sequence[Scored]]
    waiting: Mapping[int, int]
    held: Mapping[int, int]
    referred: Mapping[int, int]
    unqueued: Mapping[int, int]


def list_published(exams: Iterable[Exam]) -> Mapping[int, Published]:
    found: dict[int, Published] = defaultdict(Published)
    rows = Publication.objects.filter(exam__in=exams).order_by("number")
    for exam_id, number, published_at, withdrawn_at in rows.values_list(
        "exam_id", "number", "published_at", "withdrawn_at"
    ):
        found[exam_id] = Published(number, published_at if withdrawn_at is None else None)
    return found


def list_papers(exams: Iterable[Exam], now: datetime) -> Sitting:
    sitting = Sitting()
    is_open = Q(pk__in=Submission.objects.accepting_at(now).values("pk"))
    rows = (
        Submission.objects.counted()
        .filter(registration__exam__in=exams)
        .order_by()
        .values_list("registration__exam_id", "registration__time_block_id")
        .annotate(
            started=Count("pk"),
            writing=Count("pk", filter=is_open),
            until=Max("deadline_at", filter=is_open),
        )
    )
    for exam_id, block_id, started, writing, until in rows:
        sitting.papers[exam_id].started += started
        sitting.papers[exam_id].writing += writing
        if until is not None:
            sitting.open_until[block_id] = until
    return sitting


def list_blocks(exams: Iterable[Exam], open_until: Mapping[int, datetime]) -> Mapping[int, Sequence[Block]]:
    found: dict[int, list[Block]] = defaultdict(list)
    for block in TimeBlock.objects.filter(exam__in=exams).select_related("exam"):
        window = phases.Window(block.opens_at, block.last_entry_at, block.closes_at)
        found[block.exam_id].append(
            Block(
                name=block.name,
                zone=block.zone_name,
                opens_at=window.opens_at,
                entry_ends_at=window.entry_ends_at,
                closes_at=phases.latest_close(window, clock_of(block.exam)),
                open_until=open_until.get(block.pk),
            )
        )
    return found


def count_for(user: AbstractUser, exam_ids: Sequence[int], sitting: Sitting, now: datetime) -> Counts:
    papers = Submission.objects.filter(registration__exam__in=exam_ids)
    tasks = GradingTask.objects.filter(exam__in=exam_ids).of_papers(papers.closed_at(now))
    given_back = Exists(Surrender.objects.filter(task=OuterRef("pk"), grader_id=user.pk))
    return Counts(
        papers=sitting.papers,
        people=count_people(exam_ids),
        problems=list_progress(exam_ids, now),
        waiting=by_exam(tasks.claimable_at(now).unread_by(user.pk).exclude(given_back), "exam"),
        held=by_exam(tasks.claimed_by(user.pk, now), "exam"),
        referred=by_exam(tasks.filter(status=TaskStatus.REFERRED), "exam"),
        unqueued=by_exam(unqueued_answers(papers, now), "submission__registration__exam"),
    )


def by_exam(rows: Any, path: str) -> Mapping[int, int]:
    return dict(rows.order_by().values_list(path).annotate(count=Count("pk")))


def count_people(exam_ids: Sequence[int]) -> Mapping[int, People]:
    keys = AccessKey.objects.filter(contestant=OuterRef("contestant"))
    came_in = Exists(keys.filter(redeemed_at__isnull=False))
    started = Exists(Submission.objects.filter(registration=OuterRef("pk")))
    rows = (
        Registration.objects.counted()
        .filter(exam__in=exam_ids)
        .order_by()
        .values_list("exam_id")
        .annotate(
            registered=Count("pk"),
            without_key=Count("pk", filter=~Exists(keys.valid()) & ~started),
            entered=Count("pk", filter=Q(came_in) | Q(started)),
        )
    )
    return {exam_id: People(*counts) for exam_id, *counts in rows}


def list_progress(exam_ids: Sequence[int], now: datetime) -> Mapping[int, Sequence[Scored]]:
    """Problems that count, each with its closed answers; those of the disqualified aside."""
    found: dict[int, list[Scored]] = defaultdict(list)
    scored = count_scored(exam_ids, now)
    problems = Problem.objects.filter(exam__in=exam_ids).order_by("exam_id", "number")
    for pk, exam_id, number, not_counted in problems.values_list("pk", "exam_id", "number", "not_counted"):
        if not not_counted:
            found[exam_id].append(scored.get(pk) or Scored(number, total=0, scored=0))
    return found

"""The answers to one problem in classes of equal ones. Nothing here knows a contestant but by blind code."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.contrib.auth.models import AbstractBaseUser
from django.db.models import Case, CharField, Count, Subquery, Value, When

from apps.exams.enums import ProblemKind
from apps.exams.models import Problem, StatementVersion
from apps.grading.enums import TaskStatus
from apps.grading.models import GradingTask, Score
from apps.grading.querysets import NOTHING_WRITTEN, GradingTaskQuerySet
from apps.grading.rules.equivalence import BLANK, BLANK_KEY, class_key, class_text, equals_accepted
from apps.grading.rules.near_misses import near_miss
from apps.grading.selectors.sheet import Choice, choices_of
from apps.submissions.models import Submission

WAITING, REFERRED, HELD, SCORED, CHANGED = "waiting", "referred", "held", "scored", "changed"
# Of a large class nobody reads every code; what is left out is in the list of all answers.
MEMBERS_SHOWN = 60


@dataclass(frozen=True, slots=True)
class GivenPoints:
    points: Decimal
    count: int


@dataclass(frozen=True, slots=True)
class AnswerClass:
    """Answers that read the same. `near_miss` says what makes it look almost accepted.

    `waiting` ones the grader may score, `held` ones are with others, `referred` ones with the lead. `changed`
    ones were another answer when they were scored; they wait once the queue has noticed.
    """

    text: str
    total: int
    waiting: int
    held: int
    referred: int
    changed: int
    given: Sequence[GivenPoints]
    accepted: bool
    near_miss: str

    @property
    def key(self) -> str:
        return class_key(self.text)

    @property
    def is_blank(self) -> bool:
        return self.text == BLANK


@dataclass(frozen=True, slots=True)
class Classes:
    """`by_reading` answers are proofs: only the blank ones of those form a class."""

    classes: Sequence[AnswerClass]
    by_reading: int

    @property
    def total(self) -> int:
        return self.by_reading + sum(one.total for one in self.classes)

    @property
    def scored(self) -> int:
        return sum(given.count for one in self.classes for given in one.given)

    @property
    def changed(self) -> int:
        return sum(one.changed for one in self.classes)

    @property
    def remaining(self) -> int:
        """How many waiting answers are neither blank nor equal to an accepted one."""
        return sum(one.waiting for one in self.classes if is_remaining(one))

    def next_waiting(self, after: str = "") -> str:
        """The key of the first class that waits behind the one with the key `after`, else of any."""
        places = {one.key: place for place, one in enumerate(self.classes)}
        start = places.get(after, -1) + 1
        behind = [*self.classes[start:], *self.classes[:start]]
        return next((one.key for one in behind if one.waiting), "")


@dataclass(frozen=True, slots=True)
class Stated:
    """The problem as it stands now, beside its classes: single answers show what their contestant saw."""

    html: str
    choices: Sequence[Choice]


@dataclass(frozen=True, slots=True)
class Member:
    """One answer of a class, as it was typed."""

    task_id: int
    blind_code: str
    status: str
    text: str


@dataclass(frozen=True, slots=True)
class Remaining:
    """What "all remaining: 0" covers; `seen` is the revision of each answer by its task."""

    classes: Sequence[AnswerClass]
    seen: Mapping[int, int]

    @property
    def near_count(self) -> int:
        return sum(1 for one in self.classes if one.near_miss)


def get_classes(problem: Problem, grader: AbstractBaseUser, now: datetime) -> Classes:
    """All classes of a problem, the accepted first, near misses next, then by size; in one query."""
    counts: dict[str, dict[tuple[str, Decimal | None], int]] = {}
    by_reading = 0
    tasks = tasks_of(problem, now)
    if problem.kind == ProblemKind.PROOF:
        by_reading = tasks.exclude(answer__text__regex=NOTHING_WRITTEN).count()
        tasks = tasks.blank()
    for written, state, points, count in states(tasks, grader, now):
        counted = counts.setdefault(class_text(written, kind=problem.kind), {})
        counted[state, points] = counted.get((state, points), 0) + count
    classes = (build(text, counted, problem) for text, counted in counts.items())
    return Classes(classes=sorted(classes, key=place), by_reading=by_reading)


def get_stated(problem: Problem) -> Stated:
    statement = StatementVersion.objects.filter(problem=problem).current().get()
    is_choice = problem.kind == ProblemKind.CHOICE
    return Stated(html=statement.html, choices=choices_of(statement, BLANK) if is_choice else [])


def states(
    tasks: GradingTaskQuerySet, grader: AbstractBaseUser, now: datetime
) -> Iterable[tuple[str, str, Decimal | None, int]]:
    """How many answers of each text are in which state, scored ones by their points."""
    mine = GradingTask.objects.scorable_by(grader.pk, now).values("pk")
    changed = tasks.outdated().values("pk")
    state = Case(
        When(pk__in=changed, then=Value(CHANGED)),
        When(status=TaskStatus.SCORED, then=Value(SCORED)),
        When(status=TaskStatus.REFERRED, then=Value(REFERRED)),
        When(pk__in=mine, then=Value(WAITING)),
        default=Value(HELD),
        output_field=CharField(),
    )
    newest = Score.objects.newest_for_task().values("points")[:1]
    points = Case(When(state=SCORED, then=Subquery(newest)))
    return (
        tasks.order_by()
        .annotate(state=state)
        .annotate(current_points=points)
        .values_list("answer__text", "state", "current_points")
        .annotate(count=Count("pk"))
    )


def list_members(problem: Problem, key: str, now: datetime) -> list[Member]:
    """The answers of one class by blind code: those that wait first."""
    tasks = tasks_of(problem, now)
    if key == BLANK_KEY:
        tasks = tasks.blank()
    elif problem.kind == ProblemKind.PROOF:
        return []
    else:
        written = tasks.order_by().values_list("answer__text", flat=True).distinct()
        texts = [text for text in written if class_key(class_text(text, kind=problem.kind)) == key]
        tasks = tasks.filter(answer__text__in=texts)
    done_last = Case(When(status=TaskStatus.SCORED, then=1), default=0)
    return [
        Member(
            task_id=task.pk,
            blind_code=task.answer.submission.blind_code,
            status=task.get_status_display(),
            text=task.answer.text,
        )
        for task in tasks.select_related("answer__submission").order_by(
            done_last, "answer__submission__blind_code"
        )[:MEMBERS_SHOWN]
    ]


def get_remaining(problem: Problem, grader: AbstractBaseUser, now: datetime) -> Remaining:
    """Waiting answers that are neither blank nor equal to an accepted one, near misses first."""
    seen: dict[int, int] = {}
    counts: dict[str, int] = {}
    waiting = waiting_for(problem, grader, now).order_by()
    for task_id, revision, written in waiting.values_list("pk", "answer__revision", "answer__text"):
        text = class_text(written, kind=problem.kind)
        if text != BLANK and not equals_accepted(written, problem.accepted, kind=problem.kind):
            seen[task_id] = revision
            counts[text] = counts.get(text, 0) + 1
    classes = (build(text, {(WAITING, None): count}, problem) for text, count in counts.items())
    return Remaining(classes=sorted(classes, key=place), seen=seen)


def waiting_for(problem: Problem, grader: AbstractBaseUser, now: datetime) -> GradingTaskQuerySet:
    """Tasks of a problem that the grader may score without having looked at each."""
    tasks = GradingTask.objects.filter(exam_id=problem.exam_id, problem=problem)
    return tasks.scorable_by(grader.pk, now).of_papers(Submission.objects.closed_at(now))


def tasks_of(problem: Problem, now: datetime) -> GradingTaskQuerySet:
    tasks = GradingTask.objects.filter(exam_id=problem.exam_id, problem=problem)
    return tasks.of_papers(Submission.objects.closed_at(now))


def build(text: str, counted: Mapping[tuple[str, Decimal | None], int], problem: Problem) -> AnswerClass:
    return AnswerClass(
        text=text,
        total=sum(counted.values()),
        waiting=counted.get((WAITING, None), 0),
        held=counted.get((HELD, None), 0),
        referred=counted.get((REFERRED, None), 0),
        changed=counted.get((CHANGED, None), 0),
        given=sorted(given_points(counted), key=lambda given: -given.points),
        accepted=equals_accepted(text, problem.accepted, kind=problem.kind),
        near_miss=near_miss(text, problem.accepted, kind=problem.kind),
    )


def given_points(counted: Mapping[tuple[str, Decimal | None], int]) -> Iterator[GivenPoints]:
    for (state, points), count in counted.items():
        if state == SCORED and points is not None:
            yield GivenPoints(points=points, count=count)


def place(one: AnswerClass) -> tuple[int, int, str]:
    """Accepted, near miss, anything else, blank; in each the largest first."""
    rank = 3 if one.is_blank else 0 if one.accepted else 1 if one.near_miss else 2
    return rank, -one.total, one.text


def is_remaining(one: AnswerClass) -> bool:
    return not one.is_blank and not one.accepted

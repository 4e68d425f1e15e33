"""The queue of grading: making tasks, claiming the next one, giving one back."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import connection, transaction
from django.db.models import Value

from apps.core.errors import RuleViolation
from apps.exams.models import Exam
from apps.grading.enums import TaskStatus
from apps.grading.models import GradingTask, Score, Surrender
from apps.grading.selectors.backlog import answers_without_task
from apps.grading.services import claim_statement
from apps.submissions.models import Submission

LEASE = timedelta(minutes=15)
# How many waiting answers are shuffled for a grader: enough to differ, few enough to stay fast with
# thousands waiting.
WINDOW = 100


class TaskTaken(RuleViolation):
    message = "Somebody else is at this answer now, or it is scored already."
    code = "not_claimed"
    status = 403


class PaperOpen(RuleViolation):
    message = "This paper is open: the contestant may still change the answer."
    code = "paper_open"
    status = 403


@transaction.atomic
def create_grading_tasks(*, exam_id: int, now: datetime) -> int:
    """Queue every answer of a closed paper that has no task yet, and those that changed; return how many.

    May be run as often as one likes, also while others grade: a task that exists is left alone, unless its
    paper was reopened and the answer that was scored is no longer the answer.
    """
    # One at a time: each inserts in an order of its own, and two would wait for each other.
    Exam.objects.select_for_update(no_key=True).get(pk=exam_id)
    # In no order: neighbours in the queue are not neighbours in the room or on the roster.
    wanted = (
        answers_without_task(exam_id, now)
        .order_by("?")
        .values_list("pk", "problem_id", Value(exam_id), Value(1), Value(TaskStatus.OPEN.value))
    )
    select, parameters = wanted.query.sql_with_params()
    with connection.cursor() as cursor:
        # One statement for the whole exam; the conflict is with another run at the same moment.
        cursor.execute(
            "INSERT INTO grading_gradingtask (answer_id, problem_id, exam_id, reading, status)"
            f" {select} ON CONFLICT DO NOTHING",
            parameters,
        )
        created = int(cursor.rowcount)
    return created + mark_stale(exam_id=exam_id, now=now)


def mark_stale(*, exam_id: int, now: datetime) -> int:
    """Put scored tasks back in the queue whose answer is not the one that was scored."""
    changed = GradingTask.objects.filter(exam_id=exam_id).outdated()
    changed = changed.of_papers(Submission.objects.closed_at(now))
    # A task that somebody is scoring at this moment is not ours to judge; the next run sees it.
    stale = list(
        changed.order_by("pk")
        .select_for_update(skip_locked=True, of=("self",), no_key=True)
        .values_list("pk", flat=True)
    )
    # The grader is let go: whoever comes next may judge the new answer.
    return GradingTask.objects.filter(pk__in=stale).update(status=TaskStatus.STALE, grader=None)


def claim_next_task(
    *,
    exam_id: int,
    grader: AbstractBaseUser,
    now: datetime,
    problem_id: int | None = None,
    given_back: bool = False,
) -> int | None:
    """Claim the next answer for a grader and return its task; None when nothing is left for them.

    What they already hold comes first. With `given_back` the answers they surrendered come round again,
    otherwise those are left to others.
    """
    for waits_for_held in (False, True):
        claimed = run_claim(
            exam_id=exam_id,
            grader=grader,
            now=now,
            problem_id=problem_id,
            given_back=given_back,
            count=1,
            lease=LEASE,
            held_since=now,
            waits_for_held=waits_for_held,
        )
        if claimed:
            return claimed[0][0]
    return None


def run_claim(
    *,
    exam_id: int,
    grader: AbstractBaseUser,
    now: datetime,
    problem_id: int | None,
    given_back: bool,
    count: int,
    lease: timedelta,
    long_enough: timedelta | None = None,
    held_since: datetime | None = None,
    shown: int | None = None,
    waits_for_held: bool = False,
) -> list[tuple[int, datetime]]:
    """Claim `count` answers for a grader, and keep the one that is `shown` to them.

    Return task and end of each claim: first what is shown, if it is theirs and not locked at this moment,
    then the others in the order in which they come. A claim held already is renewed unless it is
    `long_enough`; with `held_since` one that ended before is not counted as held.
    """
    parameters: dict[str, Any] = {
        "exam": exam_id,
        "grader": grader.pk,
        "now": now,
        "problem": problem_id,
        "count": count,
        "window": WINDOW,
        "lease": lease,
        "long_enough": lease if long_enough is None else long_enough,
        "held_since": held_since,
        "shown": shown or 0,
        "shown_lease": LEASE,
    }
    statement = claim_statement.CLAIM_GIVEN_BACK if given_back else claim_statement.CLAIM_NEW
    if waits_for_held:
        statement = claim_statement.waiting_for_held(statement)
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return list(cursor.fetchall())


@transaction.atomic
def claim_task(*, task_id: int, grader: AbstractBaseUser, now: datetime) -> None:
    """Claim one answer by name, or keep holding it: the lease starts afresh."""
    task = GradingTask.objects.select_for_update(no_key=True).get(pk=task_id)
    if not Submission.objects.closed_at(now).filter(answers=task.answer_id).exists():
        raise PaperOpen
    mine = task.grader_id == grader.pk and task.status == TaskStatus.CLAIMED
    unread = GradingTask.objects.filter(pk=task_id).unread_by(grader.pk)
    # What the queue has not noticed yet waits all the same: the answer is not the one that was scored.
    waits = unread.claimable_at(now) | unread.outdated()
    if not (mine or waits.exists()):
        raise TaskTaken
    take(task, grader, now)


@transaction.atomic
def surrender_task(*, task_id: int, grader: AbstractBaseUser, now: datetime) -> None:
    """Give a claimed answer back, to be read by somebody else."""
    task = GradingTask.objects.select_for_update(no_key=True).get(pk=task_id)
    if task.status != TaskStatus.CLAIMED or task.grader_id != grader.pk:
        raise TaskTaken
    set_free([task.pk])
    Surrender.objects.get_or_create(task=task, grader_id=grader.pk, defaults={"surrendered_at": now})


def set_free(task_ids: Collection[int]) -> None:
    """Let locked tasks wait for anybody.

    What was scored before and changed since waits as stale, so that one sees why it came back.
    """
    newest = Score.objects.filter(task__in=task_ids).current().values_list("task_id", "points")
    scored = {task_id for task_id, points in newest if points is not None}
    for status, freed in ((TaskStatus.STALE, scored), (TaskStatus.OPEN, set(task_ids) - scored)):
        GradingTask.objects.filter(pk__in=freed).update(
            status=status, grader=None, claimed_at=None, claimed_until=None
        )


def take(task: GradingTask, grader: AbstractBaseUser, now: datetime, *, lease: timedelta = LEASE) -> None:
    """Let a grader hold a locked task; a claim they hold already is never made shorter."""
    held_until = task.claimed_until if task.grader_id == grader.pk else None
    if held_until is None:
        task.claimed_at = now
    task.status = TaskStatus.CLAIMED
    task.grader_id = grader.pk
    task.claimed_until = max(held_until or now, now + lease)
    task.save(update_fields=["status", "grader", "claimed_at", "claimed_until"])

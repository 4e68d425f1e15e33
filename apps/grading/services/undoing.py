"""Undo: no score is ever removed, a new version takes it back.

The new version repeats the one before. Where there is none that could count, the new version has no points,
and the task waits again.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from apps.core.errors import RuleViolation
from apps.grading.enums import TaskStatus
from apps.grading.models import GradingTask, Publication, Score
from apps.grading.services.queueing import LEASE
from apps.grading.services.scoring import ResultsPublished, lock_closed_papers, refuse_open_paper
from apps.submissions.models import Answer


class ScoreMovedOn(RuleViolation):
    message = "This answer has a newer score by now. Look at it before you undo anything."
    code = "score_conflict"


class NothingToUndo(RuleViolation):
    message = "This answer waits to be scored: there is nothing to undo."
    code = "nothing_to_undo"


class NotYourScore(RuleViolation):
    message = "Somebody else gave this score. They or a lead grader may undo it."
    code = "not_your_score"
    status = 403


@dataclass(frozen=True, slots=True)
class TakenBack:
    """What a bulk undo did; `left` answers were not touched, because they have moved on since."""

    task_ids: Sequence[int]
    left: int


@transaction.atomic
def undo_score(
    *, task_id: int, grader: AbstractBaseUser, based_on: int, now: datetime, may_correct: bool = False
) -> Score:
    """Take back version `based_on` of a score, the newest one; whose reading it is goes on with the answer.

    With `may_correct` (a lead grader) anybody's score may be undone. Locks as scoring does: task, paper.
    """
    task = GradingTask.objects.select_for_update(no_key=True).get(pk=task_id)
    versions = list(Score.objects.filter(task=task).order_by("-version")[:2])
    if not versions or versions[0].version != based_on:
        raise ScoreMovedOn
    current, *older = versions
    if task.status != TaskStatus.SCORED or current.points is None:
        raise NothingToUndo
    if current.grader_id != grader.pk and not may_correct:
        raise NotYourScore
    refuse_open_paper(task, now)
    if Publication.objects.filter(exam_id=task.exam_id).standing().exists():
        raise ResultsPublished
    # Read after the paper's lock: saving an answer takes that lock first.
    answer = Answer.objects.select_related("problem").get(pk=task.answer_id)
    previous = version_before(older, answer)
    if waiting_status(previous, answer) is not None:
        task.status = TaskStatus.CLAIMED
        task.claimed_at = now
        task.claimed_until = now + LEASE
        task.save(update_fields=["status", "claimed_at", "claimed_until"])
    made = version_after(current, previous, grader, now)
    made.save(force_insert=True)
    return made


@transaction.atomic
def take_back(
    *, score_ids: Collection[int], exam_id: int, grader: AbstractBaseUser, now: datetime
) -> TakenBack:
    """Undo many scores of an exam in one act, in a fixed number of queries; the tasks wait for anybody.

    For bulk acts, which know the scores they made. A score that is no longer the newest of its task, and
    one whose paper was reopened, stays as it is: whoever came later knew more.
    """
    tasks = {
        task.pk: task
        for task in GradingTask.objects.filter(exam_id=exam_id, scores__in=score_ids)
        .order_by("pk")
        .select_for_update(of=("self",), no_key=True)
    }
    closed_answers = lock_closed_papers(tasks.values(), now).select_related("problem").in_bulk()
    if tasks and Publication.objects.filter(exam_id=exam_id).standing().exists():
        raise ResultsPublished
    versions: dict[int, list[Score]] = {}
    for score in Score.objects.filter(task__in=tasks).order_by("task", "-version"):
        versions.setdefault(score.task_id, []).append(score)
    wanted = set(score_ids)
    made: list[Score] = []
    waiting: dict[TaskStatus, list[int]] = {TaskStatus.OPEN: [], TaskStatus.STALE: []}
    for task in tasks.values():
        current, *older = versions[task.pk]
        answer = closed_answers.get(task.answer_id)
        stands = current.pk in wanted and current.points is not None and task.status == TaskStatus.SCORED
        if not stands or answer is None:
            continue
        previous = version_before(older, answer)
        status = waiting_status(previous, answer)
        if status is not None:
            waiting[status].append(task.pk)
        made.append(version_after(current, previous, grader, now))
    Score.objects.bulk_create(made)
    for status, task_ids in waiting.items():
        GradingTask.objects.filter(pk__in=task_ids).update(status=status, grader=None)
    return TakenBack(task_ids=[score.task_id for score in made], left=len(wanted) - len(made))


def version_before(older: Sequence[Score], answer: Answer) -> Score | None:
    """The version to be repeated, unless it was taken back or is more than the problem is worth by now."""
    if not older or older[0].points is None or older[0].points > answer.problem.max_points:
        return None
    return older[0]


def waiting_status(previous: Score | None, answer: Answer) -> TaskStatus | None:
    """How the task waits once `previous` counts again; None: it is scored by that one."""
    if previous is None:
        return TaskStatus.OPEN
    # The version before may have judged an older text: then the task is again what it was, stale.
    return None if previous.answer_revision == answer.revision else TaskStatus.STALE


def version_after(current: Score, previous: Score | None, grader: AbstractBaseUser, now: datetime) -> Score:
    """The version that takes `current` back, signed by whoever undoes it."""
    return Score(
        task_id=current.task_id,
        version=current.version + 1,
        points=previous.points if previous else None,
        comment=previous.comment if previous else "",
        note=previous.note if previous else "",
        answer_revision=(previous or current).answer_revision,
        grader_id=grader.pk,
        scored_at=now,
    )

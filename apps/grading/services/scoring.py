"""One score at a time; `acting.py` scores many equal answers at once, by the same rules."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import connection, transaction
from django.db.models import Exists, Subquery
from django.db.models.functions import Coalesce

from apps.core.errors import RuleViolation
from apps.exams.rules.points import show_points
from apps.grading.enums import TaskStatus
from apps.grading.models import GradingTask, Publication, Score
from apps.grading.rules.points import BadPoints, check_points
from apps.grading.services.queueing import PaperOpen
from apps.grading.services.referring import resolve
from apps.submissions.models import Answer, Submission
from apps.submissions.querysets import AnswerQuerySet

# The task is locked by whoever runs this, and what the score has to fit was read under that lock.
RECORD = """
with moved as (
    update grading_gradingtask set status = 'scored', grader_id = %(holder)s, claimed_until = null
    where id = %(task)s
)
insert into grading_score
    (task_id, version, points, comment, note, answer_revision, grader_id, scored_at)
values (%(task)s, %(version)s, %(points)s, %(comment)s, %(note)s, %(answer_revision)s, %(grader)s,
        %(scored_at)s)
returning id
"""


@dataclass(frozen=True, slots=True)
class Draft:
    """What a grader wants to record."""

    points: Decimal | None
    comment: str
    note: str


class NotClaimed(RuleViolation):
    message = "You do not hold this answer any more. Your points were not recorded."
    code = "not_claimed"
    status = 403


class InvalidPoints(RuleViolation):
    message = "These points cannot be given."
    code = "invalid_points"
    status = 400


class AnswerChanged(RuleViolation):
    message = "The answer changed while you were reading it. Look at the new one and score that."
    code = "answer_changed"


class ResultsPublished(RuleViolation):
    message = "The results are published. Only the lead grader may correct a score now."
    code = "results_published"
    status = 403


class ReasonMissing(RuleViolation):
    message = "The results are published. Say in the note for graders why the score changes."
    code = "reason_missing"
    status = 400


class ScoreConflict(RuleViolation):
    """Carries both scores, so that nobody has to remember what they typed."""

    message = "This answer was scored by somebody else in the meantime."
    code = "score_conflict"

    def __init__(self, *, yours: Draft, current: Score | None) -> None:
        super().__init__()
        self.yours = yours
        self.current = current

    @property
    def members(self) -> dict[str, Any]:
        current = self.current and told(self.current) | {"version": self.current.version}
        return {"yours": told(self.yours), "current": current}


def told(score: Draft | Score) -> dict[str, Any]:
    points = None if score.points is None else show_points(score.points)
    return {"points": points, "comment": score.comment, "note": score.note}


@transaction.atomic
def score_task(
    *,
    task_id: int,
    grader: AbstractBaseUser,
    points: Decimal,
    comment: str = "",
    note: str = "",
    based_on: int,
    answer_revision: int,
    now: datetime,
    may_correct: bool = False,
) -> Score:
    """Record a score as the version after `based_on`, the version the grader saw (0: none).

    The grader holds the task, or scored it before; with `may_correct` (a lead grader) anybody's score
    may be corrected, and what was sent to the lead be scored. The same score sent once more, because the
    response was lost, is recorded once. Locks in this order: task, paper. Publishing locks the tasks too,
    so that no score slips in while it adds up.
    """
    task, paper_closed = lock_task_and_paper(task_id, now)
    found = read_what_counts(task)
    draft = Draft(points, comment.strip(), note.strip())
    if based_on != found.version:
        current = Score.objects.filter(task=task).order_by("-version").first()
        if current and is_repeated(current, draft, grader, based_on, answer_revision):
            return current
        raise ScoreConflict(yours=draft, current=current)
    held = task.status in {TaskStatus.CLAIMED, TaskStatus.SCORED} and task.grader_id == grader.pk
    led = may_correct and task.status in {TaskStatus.SCORED, TaskStatus.REFERRED}
    if not held and not led:
        raise NotClaimed
    if not paper_closed:
        raise PaperOpen
    if found.answer_revision != answer_revision:
        raise AnswerChanged
    if found.published:
        refuse_silent_correction(draft.note, may_correct=may_correct)
    try:
        points = check_points(points, maximum=found.max_points)
    except BadPoints as fault:
        raise InvalidPoints(str(fault)) from fault
    if task.status == TaskStatus.REFERRED:
        accept_referred(task, grader, now)
    return record(
        Score(
            task=task,
            version=based_on + 1,
            points=points,
            comment=draft.comment,
            note=draft.note,
            answer_revision=answer_revision,
            grader_id=grader.pk,
            scored_at=now,
        )
    )


@dataclass(frozen=True, slots=True)
class WhatCounts:
    """What a new score has to fit: the newest version (0: none), the answer, the maximum, the results."""

    version: int
    answer_revision: int
    max_points: Decimal
    published: bool


def lock_task_and_paper(task_id: int, now: datetime) -> tuple[GradingTask, bool]:
    """A task, locked with its paper after it, and whether the paper is closed.

    PostgreSQL locks in the order of `of`. Both rows are as they stand once both locks are held: a paper that
    was reopened while we waited is open.
    """
    locked = GradingTask.objects.select_related("answer__submission").only(
        "answer", "exam", "status", "grader", "answer__submission__submitted_at",
        "answer__submission__deadline_at", "answer__submission__grace_seconds",
    )  # fmt: skip
    task = locked.select_for_update(of=("self", "answer__submission"), no_key=True).get(pk=task_id)
    return task, task.answer.submission.is_closed_at(now)


def read_what_counts(task: GradingTask) -> WhatCounts:
    """Read in a statement of its own after the locks, which saving an answer and publishing take first.

    The statement that waited for them would still see the answer, the scores and the publications of the
    moment at which it began to wait.
    """
    newest = Score.objects.filter(task=task).order_by("-version").values("version")
    published = Publication.objects.filter(exam_id=task.exam_id).standing()
    return WhatCounts(
        *Answer.objects.filter(pk=task.answer_id)
        .values_list(Coalesce(Subquery(newest[:1]), 0), "revision", "problem__max_points", Exists(published))
        .get()
    )


def record(score: Score) -> Score:
    """Add the version, and let its locked task be scored, in one statement.

    The task keeps its grader: a lead's correction does not take the reading away from whose it was.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            RECORD,
            {
                "task": score.task_id,
                "holder": score.task.grader_id,
                "version": score.version,
                "points": score.points,
                "comment": score.comment,
                "note": score.note,
                "answer_revision": score.answer_revision,
                "grader": score.grader_id,
                "scored_at": score.scored_at,
            },
        )
        (score.pk,) = cursor.fetchone()
    score._state.adding = False  # noqa: SLF001 - as the ORM does after it has saved one
    return score


def is_repeated(
    current: Score, draft: Draft, grader: AbstractBaseUser, based_on: int, answer_revision: int
) -> bool:
    """Whether the newest version is this very score, by the same person on the same version."""
    return (current.version, current.answer_revision, current.grader_id) == (
        based_on + 1,
        answer_revision,
        grader.pk,
    ) and Draft(current.points, current.comment, current.note) == draft


def accept_referred(task: GradingTask, lead: AbstractBaseUser, now: datetime) -> None:
    """What was sent to the lead becomes the lead's reading, unless they read the answer already."""
    if not GradingTask.objects.filter(pk=task.pk).unread_by(lead.pk).exists():
        raise NotClaimed
    resolve(task, lead, now)
    task.grader_id = lead.pk


def refuse_open_paper(task: GradingTask, now: datetime) -> None:
    """Lock the task's paper and see that it is closed; it may have been reopened after the claim."""
    papers = Submission.objects.select_for_update(of=("self",), no_key=True).closed_at(now)
    if papers.filter(answers=task.answer_id).first() is None:
        raise PaperOpen


def lock_closed_papers(tasks: Iterable[GradingTask], now: datetime) -> AnswerQuerySet:
    """Lock the papers of locked tasks; return the answers of those that are closed, as they are now."""
    answers = Answer.objects.filter(pk__in=[task.answer_id for task in tasks])
    papers = Submission.objects.filter(pk__in=answers.values("submission")).closed_at(now).order_by("pk")
    closed = list(papers.select_for_update(of=("self",), no_key=True).values_list("pk", flat=True))
    # They are looked up by key: sorted as usual, by contestant, they would be joined with four tables more.
    return answers.filter(submission__in=closed).order_by()


def refuse_silent_correction(note: str, *, may_correct: bool) -> None:
    """A score behind published results changes only by a lead's hand and with a reason."""
    if not may_correct:
        raise ResultsPublished
    if not note:
        raise ReasonMissing

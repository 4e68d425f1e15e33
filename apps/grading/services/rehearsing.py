"""The sandbox of a rehearsal: a copy of an exam for a synthetic crowd, and its removal without a trace.

Only here, and only for an exam that is marked as a rehearsal, the triggers are lifted which keep revisions,
receipts, scores and results from being deleted. The exam that is rehearsed is read, never written.
"""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from random import Random
from typing import Any

import pghistory
import pghistory.core
import pgtrigger
from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import QuerySet
from pghistory.models import Context

from apps.access.models import AccessKey, Contestant, KeyBatch, Registration, School
from apps.access.services.issuing import IssuedKey, issue_anonymous_keys
from apps.core.errors import RuleViolation
from apps.exams.enums import ClockKind, ResultsPolicy
from apps.exams.models import Contest, Exam, ExamStaff, Figure, Problem, StatementVersion, TimeBlock
from apps.exams.services.duplicating import duplicate_exam
from apps.exams.services.lifecycle import make_ready
from apps.grading.enums import TaskStatus
from apps.grading.models import (
    Assignment,
    GradingTask,
    Publication,
    Referral,
    Result,
    Score,
    ScoringAct,
    Surrender,
)
from apps.grading.services.publishing import publish_results
from apps.grading.services.queueing import create_grading_tasks
from apps.submissions.models import Acceptance, Answer, AnswerRevision, Receipt, Submission, TimeChange
from apps.submissions.services.submitting import submit_paper

BLOCK = "Rehearsal"
ROWS_AT_ONCE = 1000
LONGEST_SLUG, LONGEST_TITLE = 40, 180


class NotARehearsal(RuleViolation):
    """Whoever asks to wipe an exam that people sat is refused."""

    message = "This exam is not the sandbox of a rehearsal: nothing of it is removed."
    code = "not_a_rehearsal"


class RehearsalOfARehearsal(RuleViolation):
    message = "This exam is itself the sandbox of a rehearsal."
    code = "rehearsal_of_a_rehearsal"


@dataclass(frozen=True)
class Sandbox:
    """A copy that is open now, with a key for each of its contestants."""

    exam_id: int
    slug: str
    keys: tuple[IssuedKey, ...]


@transaction.atomic
@pghistory.context(act="rehearse")
def open_sandbox(*, exam_id: int, contestants: int, closes_at: datetime, now: datetime) -> Sandbox:
    """Copy the exam, open the copy until `closes_at`, and issue so many keys for it.

    It is a contest of its own with one time block, and nobody of the staff sees it. A personal clock lasts
    as long as the sandbox. Refuses with `ExamIncomplete` an exam that nobody could sit.
    """
    source = Exam.objects.get(pk=exam_id)
    if source.rehearses_id is not None:
        raise RehearsalOfARehearsal
    slug = f"{source.slug[:LONGEST_SLUG]}-rehearsal-{secrets.token_hex(3)}"
    exam = duplicate_exam(
        exam_id=exam_id,
        slug=slug,
        title=f"Rehearsal: {source.title}"[:LONGEST_TITLE],
        first_opens_at=None,
        actor=None,
        now=now,
    )
    exam.rehearses = source
    exam.results = ResultsPolicy.OWN
    if exam.clock == ClockKind.PERSONAL:
        exam.duration_minutes = int((closes_at - now).total_seconds() // 60) + 1
    exam.save(update_fields=["rehearses", "results", "duration_minutes"])
    exam.time_blocks.all().delete()
    TimeBlock.objects.create(exam=exam, name=BLOCK, opens_at=now, closes_at=closes_at)
    make_ready(exam_id=exam.pk, actor=None, now=now)
    keys = issue_anonymous_keys(exam_id=exam.pk, count=contestants, actor=None, now=now)
    return Sandbox(exam.pk, exam.slug, tuple(keys))


@transaction.atomic
def publish_sandbox(*, exam_id: int, seed: int, now: datetime) -> None:
    """Close every paper of a sandbox, give each answer some points, and publish, as people would.

    Refuses with `NotARehearsal`.
    """
    lock_sandbox(exam_id)
    for paper in Submission.objects.filter(registration__exam_id=exam_id, submitted_at=None):
        submit_paper(submission_id=paper.pk, now=now)
    create_grading_tasks(exam_id=exam_id, now=now)
    random = Random(seed)  # noqa: S311 - points that count for nothing
    grader = get_user_model().objects.create(username=grader_name(exam_id), is_active=False)
    tasks = GradingTask.objects.filter(exam_id=exam_id).select_related("answer", "problem")
    Score.objects.bulk_create(
        (
            Score(
                task=task,
                version=1,
                points=Decimal(random.randint(0, int(task.problem.max_points))),
                answer_revision=task.answer.revision,
                grader=grader,
                scored_at=now,
            )
            for task in tasks.defer("answer__text")
        ),
        batch_size=ROWS_AT_ONCE,
    )
    tasks.update(status=TaskStatus.SCORED, grader=grader)
    publish_results(exam_id=exam_id, actor=None, now=now)


@transaction.atomic
def remove_sandbox(*, exam_id: int) -> int:
    """Delete a sandbox with all that was ever written in it, and its history; return how many rows.

    Refuses with `NotARehearsal`.
    """
    exam = lock_sandbox(exam_id)
    # Saves that are still on their way wait here, and then find no paper.
    list(Submission.objects.select_for_update().filter(registration__exam=exam).values_list("pk", flat=True))
    removed = 0
    with pgtrigger.ignore():
        for rows in [*history_of(exam), *rows_of(exam)]:
            # Not `delete()`: it would read a hundred thousand rows to look for others that hang on them, and
            # these are in the order in which nothing hangs on them any more. What is forgotten here makes
            # the database refuse the whole.
            removed += rows._raw_delete(rows.db)  # noqa: SLF001
    return removed


def list_sandboxes(exam_id: int) -> list[int]:
    """The sandboxes that rehearsals of an exam left behind, or that are in use at this moment."""
    return list(Exam.objects.filter(rehearses=exam_id).order_by("pk").values_list("pk", flat=True))


def lock_sandbox(exam_id: int) -> Exam:
    exam = Exam.objects.select_for_update(of=("self",)).get(pk=exam_id)
    if exam.rehearses_id is None:
        raise NotARehearsal
    return exam


def grader_name(exam_id: int) -> str:
    return f"rehearsal-{exam_id}"


def rows_of(exam: Exam) -> Iterator[QuerySet[Any]]:
    """Every row of a sandbox, whatever refers to others before what it refers to."""
    paper = "registration__exam"
    yield Result.objects.filter(publication__exam=exam)
    yield Publication.objects.filter(exam=exam)
    yield from (model.objects.filter(task__exam=exam) for model in (Surrender, Referral, Assignment, Score))
    yield GradingTask.objects.filter(exam=exam)
    yield ScoringAct.objects.filter(exam=exam)
    yield Acceptance.objects.filter(**{f"promoted__submission__{paper}": exam})
    yield from (
        model.objects.filter(**{f"submission__{paper}": exam}) for model in (Receipt, AnswerRevision, Answer)
    )
    yield from (model.objects.filter(**{paper: exam}) for model in (Submission, TimeChange))
    yield AccessKey.objects.filter(contestant__contest=exam.contest_id)
    yield KeyBatch.objects.filter(exam=exam)
    yield Registration.objects.filter(exam=exam)
    yield from (model.objects.filter(contest=exam.contest_id) for model in (Contestant, School))
    yield StatementVersion.objects.filter(problem__exam=exam)
    yield from (model.objects.filter(exam=exam) for model in (Problem, Figure, TimeBlock, ExamStaff))
    yield Exam.objects.filter(pk=exam.pk)
    yield Contest.objects.filter(pk=exam.contest_id)
    yield get_user_model().objects.filter(username=grader_name(exam.pk))


def history_of(exam: Exam) -> list[QuerySet[Any]]:
    """The events of a sandbox's rows, and of those that were deleted meanwhile; and the acts they belong to.

    A row that is gone is found by its act: what was done to a sandbox was done to nothing else.
    """
    own: list[QuerySet[Any]] = [
        model._default_manager.filter(pgh_obj__in=rows.order_by().values("pk"))  # noqa: SLF001
        for rows in rows_of(exam)
        for model in pghistory.core.event_models(tracks_model=rows.model)
    ]
    acts = {act for events in own for act in events.values_list("pgh_context", flat=True).distinct()}
    acts.discard(None)
    of_the_gone = [events.model._default_manager.filter(pgh_context__in=acts) for events in own]  # noqa: SLF001
    return [*own, *of_the_gone, Context.objects.filter(pk__in=acts)]

"""A lead hands answers to a grader, or frees what somebody holds."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from apps.core.errors import RuleViolation
from apps.exams.models import ExamStaff
from apps.exams.rules import roles
from apps.grading.enums import TaskStatus
from apps.grading.models import Assignment, GradingTask
from apps.grading.querysets import GradingTaskQuerySet
from apps.grading.services.queueing import set_free
from apps.grading.services.referring import HANDED_LEASE
from apps.submissions.models import Submission


class NotAGrader(RuleViolation):
    message = "Answers can be handed to this exam's graders only."
    code = "not_a_grader"


@dataclass(frozen=True, slots=True)
class Handed:
    """What became of the tasks; `left` ones were scored, sent to the lead or reopened in the meantime."""

    count: int
    left: int


@transaction.atomic
def assign_tasks(
    *, exam_id: int, task_ids: Collection[int], grader_id: int, lead: AbstractBaseUser, now: datetime
) -> Handed:
    """Hand waiting or claimed answers to a grader, whoever holds them; the grader gets them next."""
    graders = ExamStaff.objects.filter(exam_id=exam_id, user=grader_id, user__is_active=True)
    if not graders.filter(role__in=roles.roles_with(roles.SCORE)).exists():
        raise NotAGrader
    tasks = GradingTask.objects.exclude(status__in=[TaskStatus.SCORED, TaskStatus.REFERRED])
    # Who holds it already keeps it as long as they did.
    free = tasks.unread_by(grader_id).exclude(status=TaskStatus.CLAIMED, grader=grader_id)
    handed = lock(free, exam_id, task_ids, now)
    GradingTask.objects.filter(pk__in=handed).update(
        status=TaskStatus.CLAIMED, grader=grader_id, claimed_at=now, claimed_until=now + HANDED_LEASE
    )
    return record(handed, task_ids, grader_id, lead, now)


@transaction.atomic
def free_tasks(*, exam_id: int, task_ids: Collection[int], lead: AbstractBaseUser, now: datetime) -> Handed:
    """Take claimed answers from whoever holds them, for anybody; what they typed stays on their screen."""
    claimed = GradingTask.objects.filter(status=TaskStatus.CLAIMED)
    freed = lock(claimed, exam_id, task_ids, now)
    set_free(freed)
    return record(freed, task_ids, None, lead, now)


def lock(tasks: GradingTaskQuerySet, exam_id: int, task_ids: Collection[int], now: datetime) -> list[int]:
    return list(
        tasks.filter(exam_id=exam_id, pk__in=task_ids)
        .of_papers(Submission.objects.closed_at(now))
        .order_by("pk")
        .select_for_update(of=("self",), no_key=True)
        .values_list("pk", flat=True)
    )


def record(
    handed: Collection[int],
    wanted: Collection[int],
    grader_id: int | None,
    lead: AbstractBaseUser,
    now: datetime,
) -> Handed:
    Assignment.objects.bulk_create(
        Assignment(task_id=task_id, grader_id=grader_id, assigned_by_id=lead.pk, assigned_at=now)
        for task_id in handed
    )
    return Handed(count=len(handed), left=len(set(wanted)) - len(handed))

"""For lead graders: who holds which answer since when, and what was sent to them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractBaseUser
from django.core.paginator import Page, Paginator

from apps.exams.models import Exam
from apps.exams.rules import roles
from apps.grading.enums import TaskStatus
from apps.grading.models import GradingTask, Referral

PAGE_SIZE = 100


@dataclass(frozen=True, slots=True)
class Holding:
    """`lapsed`: the claim ended by itself, so that the next grader may be given the answer."""

    task_id: int
    number: int
    blind_code: str
    grader: str
    since: datetime | None
    until: datetime | None
    lapsed: bool


@dataclass(frozen=True, slots=True)
class Holdings:
    rows: Sequence[Holding]
    page: "Page[GradingTask]"


@dataclass(frozen=True, slots=True)
class ReferralRow:
    task_id: int
    number: int
    blind_code: str
    grader: str
    note: str
    referred_at: datetime


def list_holdings(exam: Exam, now: datetime, *, page: int | str = 1) -> Holdings:
    """Every claimed answer, those held longest first, in two queries."""
    claimed = (
        GradingTask.objects.filter(exam=exam, status=TaskStatus.CLAIMED)
        .select_related("grader", "problem", "answer__submission")
        .order_by("claimed_at", "pk")
    )
    found = Paginator(claimed, PAGE_SIZE).get_page(page)
    rows = [
        Holding(
            task_id=task.pk,
            number=task.problem.number,
            blind_code=task.answer.submission.blind_code,
            grader=task.grader.get_username() if task.grader else "",
            since=task.claimed_at,
            until=task.claimed_until,
            lapsed=task.claimed_until is not None and task.claimed_until < now,
        )
        for task in found
    ]
    return Holdings(rows=rows, page=found)


def list_referrals(exam: Exam) -> list[ReferralRow]:
    """What waits for a lead, the oldest first, in one query."""
    waiting = (
        Referral.objects.waiting()
        .filter(task__exam=exam)
        .select_related("grader", "task__problem", "task__answer__submission")
        .order_by("referred_at", "pk")
    )
    return [
        ReferralRow(
            task_id=referral.task_id,
            number=referral.task.problem.number,
            blind_code=referral.task.answer.submission.blind_code,
            grader=referral.grader.get_username(),
            note=referral.note,
            referred_at=referral.referred_at,
        )
        for referral in waiting
    ]


def list_graders(exam: Exam) -> list[AbstractBaseUser]:
    """Who may score in the exam, by user name."""
    return list(
        get_user_model()
        .objects.filter(
            is_active=True,
            pk__in=exam.staff.filter(role__in=roles.roles_with(roles.SCORE)).values("user"),
        )
        .order_by("username")
    )

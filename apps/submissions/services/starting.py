"""Starting a paper: the clock runs from here."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction

from apps.access.models import Registration
from apps.access.services.history import act
from apps.core.errors import RuleViolation
from apps.exams.enums import ExamStatus
from apps.exams.models import Exam, Problem
from apps.exams.rules import phases
from apps.submissions.models import Answer, Submission
from apps.submissions.selectors.own_registrations import get_own_registration
from apps.submissions.selectors.times import clock_of, terms_of


class NotOpen(RuleViolation):
    """The exam does not open before its time, or is still a draft."""

    message = "The paper is not open yet."
    code = "not_open"
    status = 403


class EntryClosed(RuleViolation):
    """The last moment to start has passed, or the exam was closed."""

    message = "This paper can no longer be started."
    code = "entry_closed"
    status = 403


@dataclass(frozen=True)
class Started:
    """The paper, and whether this very call started it."""

    submission: Submission
    is_new: bool


def start_paper(*, registration_id: int, now: datetime) -> Started:
    """Start the paper of a registration, with one blank answer for each problem; again: the same paper.

    Refuses with `NotOpen` and `EntryClosed`. A tester may start at any time while the exam is not closed.
    """
    own = get_own_registration(registration_id=registration_id)
    registration = own.registration
    if own.paper is not None:
        return Started(Submission.objects.get(pk=own.paper.pk), is_new=False)
    refuse_outside_entry(registration, now)
    try:
        with transaction.atomic():
            return Started(create_paper(registration, now), is_new=True)
    except IntegrityError:
        # The same contestant pressed Start twice: the other press made the paper.
        return Started(Submission.objects.get(registration=registration), is_new=False)


def refuse_outside_entry(registration: Registration, now: datetime) -> None:
    exam = registration.exam
    if exam.status == ExamStatus.CLOSED:
        raise EntryClosed
    if registration.tester:
        return
    if exam.status == ExamStatus.DRAFT or now < registration.time_block.opens_at:
        raise NotOpen
    if not phases.may_start(now, terms_of(registration).window):
        raise EntryClosed


def create_paper(registration: Registration, now: datetime) -> Submission:
    """The rows of a new paper. A tester who is early gets the full time of somebody who was not."""
    terms = terms_of(registration)
    deadline = phases.deadline_for(now, terms.window, clock_of(registration.exam), terms.allowance)
    if registration.tester and not phases.may_start(now, terms.window):
        deadline = now + phases.full_time(terms.window, clock_of(registration.exam), terms.allowance)
    paper = Submission.objects.create(
        registration=registration,
        started_at=now,
        deadline_at=deadline,
        grace_seconds=registration.exam.grace_seconds,
    )
    if not registration.tester and registration.exam.first_started_at is None:
        # Before the problems are read: whoever is just changing them holds the exam, and is waited for.
        with act("start_paper", actor=None):
            Exam.objects.filter(pk=registration.exam_id, first_started_at=None).update(first_started_at=now)
    problems = Problem.objects.filter(exam=registration.exam).order_by("number").values_list("pk", "number")
    answers = [Answer(submission=paper, problem_id=pk, number=number) for pk, number in problems]
    if not answers:
        raise NotOpen  # an exam without problems: nothing to start
    Answer.objects.bulk_create(answers)
    return paper


def take_pen(*, registration_id: int, device: uuid.UUID) -> None:
    """Make the page that was just opened the writer: edits of any other are kept as conflicts from now on."""
    Submission.objects.filter(registration_id=registration_id).update(writer=device)

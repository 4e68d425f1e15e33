"""Starting a paper: the clock runs from here."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, connection, transaction

from apps.access.models import Registration
from apps.access.services.history import act
from apps.core.errors import RuleViolation
from apps.exams.enums import ExamStatus
from apps.exams.models import Exam
from apps.exams.rules import phases
from apps.submissions.models import Submission
from apps.submissions.selectors.own_registrations import get_own_registration
from apps.submissions.selectors.times import clock_of, terms_of

# When the bell rings everybody starts; a dozen rows made as models cost a third of it.
BLANK_ANSWERS = """
insert into submissions_answer (submission_id, problem_id, number, text, revision)
select %(paper)s, p.id, p.number, '', 0 from exams_problem p where p.exam_id = %(exam)s order by p.number
"""


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
    if not add_blank_answers(paper, registration.exam_id):
        raise NotOpen  # an exam without problems: nothing to start
    return paper


def add_blank_answers(paper: Submission, exam_id: int) -> int:
    """One for each problem of the exam, in one statement; return how many."""
    with connection.cursor() as cursor:
        cursor.execute(BLANK_ANSWERS, {"paper": paper.pk, "exam": exam_id})
        return int(cursor.rowcount)


def take_pen(*, registration_id: int, device: uuid.UUID) -> None:
    """Make the page that was just opened the writer: edits of any other are kept as conflicts from now on."""
    Submission.objects.filter(registration_id=registration_id).update(writer=device)

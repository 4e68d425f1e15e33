"""Closed papers, ready to be graded."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth import get_user_model
from django.urls import reverse

from apps.exams.enums import StaffRole
from apps.grading.enums import TaskStatus
from apps.grading.models import GradingTask
from apps.grading.rules.equivalence import class_key, class_text
from apps.grading.services import acting
from apps.grading.services.publishing import publish_results
from apps.grading.services.queueing import create_grading_tasks
from apps.submissions.enums import SubmittedBy
from tests import factories


@pytest.fixture
def exam():
    return factories.ExamFactory()


@pytest.fixture
def block(exam):
    """A block that is over at `now`."""
    return factories.TimeBlockFactory(exam=exam, opens_at=factories.NOW - timedelta(hours=3))


@pytest.fixture
def problems(exam):
    return [factories.ProblemFactory(exam=exam, number=number) for number in (1, 2)]


@pytest.fixture
def hand_in(exam, block, problems, now):
    """Make a paper with these answers, handed in half an hour ago."""

    def make(*texts, submitted=True, **registration):
        made = factories.SubmissionFactory(
            registration=factories.RegistrationFactory(exam=exam, time_block=block, **registration),
            started_at=now - timedelta(hours=2),
            deadline_at=now - timedelta(minutes=30) if submitted else now + timedelta(hours=1),
            submitted_at=now - timedelta(minutes=30) if submitted else None,
            submitted_by=SubmittedBy.CONTESTANT if submitted else "",
        )
        for problem, text in zip(problems, texts, strict=True):
            answer = factories.AnswerFactory(
                submission=made, problem=problem, text=text, revision=1 if text else 0
            )
            if text:
                factories.AnswerRevisionFactory(answer=answer, text=text)
        return made

    return make


@pytest.fixture
def queue(exam, now):
    """Queue what there is to grade and return its size."""
    return lambda: create_grading_tasks(exam_id=exam.pk, now=now)


@pytest.fixture
def staff(exam):
    """Make a user with a role in the exam."""

    def make(role=StaffRole.GRADER, *, in_exam=None, **fields):
        user = factories.UserFactory(**fields)
        factories.ExamStaffFactory(user=user, exam=in_exam or exam, role=role)
        # Read again: permissions that were asked for before the role are remembered on the object.
        return get_user_model().objects.get(pk=user.pk)

    return make


@pytest.fixture
def grader(staff):
    return staff(username="grader")


@pytest.fixture
def lead(staff):
    return staff(StaffRole.LEAD_GRADER, username="lead")


@pytest.fixture
def organiser(staff):
    return staff(StaffRole.ORGANISER, username="organiser")


@pytest.fixture
def grade(hand_in, queue, grader):
    """A handed-in paper whose answers got these points."""

    def grade(*points, **registration):
        paper = hand_in(*["42" if given is not None else "" for given in points], **registration)
        queue()
        tasks = GradingTask.objects.filter(answer__submission=paper).order_by("answer__number")
        for task, given in zip(tasks, points, strict=True):
            factories.ScoreFactory(
                task=task, points=given or 0, answer_revision=task.answer.revision, grader=grader
            )
        tasks.update(status=TaskStatus.SCORED, grader=grader)
        return paper.registration

    return grade


@pytest.fixture
def score_class(exam, problems, grader, now):
    """Give all answers equal to `text` 5 points; "" is the blank class."""

    def score_class(text, problem=None, **changes):
        problem = problem or problems[0]
        wanted = {
            "exam_id": exam.pk,
            "problem_id": problem.pk,
            "key": class_key(class_text(text, kind=problem.kind)),
            "points": Decimal(5),
            "grader": grader,
            "now": now,
        }
        return acting.score_class(**{**wanted, **changes})

    return score_class


@pytest.fixture
def publish(exam, organiser, now):
    def publish(**changes):
        return publish_results(**{"exam_id": exam.pk, "actor": organiser, "now": now, **changes})

    return publish


@pytest.fixture
def desk(client, grader, exam):
    """Signed in as a grader, with the addresses of the pages."""

    class Desk:
        page = reverse("admin:grading_desk", args=[exam.pk])

        def next(self, **wanted):
            return client.post(reverse("admin:grading_next", args=[exam.pk]), wanted)

        def score(self, task, query="", **typed):
            form = {"points": "6", "comment": "", "note": "", "based_on": 0, "answer_revision": 1, **typed}
            return client.post(reverse("admin:grading_score", args=[task]) + query, form)

        def open(self, task):
            return client.get(reverse("admin:grading_score", args=[task]))

        def claim(self, task):
            return client.post(reverse("admin:grading_claim", args=[task]))

    client.force_login(grader)
    return Desk()


@pytest.fixture
def task(hand_in, queue, problems):
    """An answer of problem 1 that waits."""
    hand_in("42", "1")
    queue()
    return GradingTask.objects.get(problem=problems[0]).pk


@pytest.fixture
def held(task, desk):
    desk.claim(task)
    return task

"""The console's home, from making an exam to its results: each role sees where it stands and what is next."""

from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.utils import timezone
from playwright.sync_api import expect

from apps.exams.enums import ExamStatus, StaffRole
from apps.grading.models import GradingTask
from apps.grading.services.publishing import publish_results
from apps.grading.services.queueing import create_grading_tasks
from apps.submissions.enums import SubmittedBy
from tests import factories
from tests.journeys.conftest import DESKTOP, PHONE
from tests.journeys.test_grader import PASSWORD, sign_in

# Points of problems 1 to 3 by paper; None: not scored yet.
PAPERS = [(7, 3, 0), (7, 7, 2), (7, 5, None), (2, None, None), (0, 0, None)]


def exam_with(title, *, opens_in, people=(), **fields):
    exam = factories.ExamFactory(title=title, **fields)
    block = factories.TimeBlockFactory(exam=exam, name="Europe", opens_at=timezone.now() + opens_in)
    problems = [factories.ProblemFactory(exam=exam, number=number) for number in (1, 2, 3)]
    for points in people:
        sit(exam, block, problems, points)
    return exam


def sit(exam, block, problems, points):
    now = timezone.now()
    paper = factories.SubmissionFactory(
        registration=factories.RegistrationFactory(exam=exam, time_block=block),
        started_at=now - timedelta(hours=2),
        deadline_at=now - timedelta(hours=1) if points else now + timedelta(minutes=40),
        submitted_at=now - timedelta(hours=1) if points else None,
        submitted_by=SubmittedBy.CONTESTANT if points else "",
    )
    for problem, given in zip(problems, points or [None] * 3, strict=True):
        answer = factories.AnswerFactory(submission=paper, problem=problem, text="42", revision=1)
        factories.AnswerRevisionFactory(answer=answer)
        if given is not None:
            task = factories.GradingTaskFactory(
                answer=answer, status="scored", grader=factories.UserFactory()
            )
            factories.ScoreFactory(task=task, points=given)


@pytest.fixture
def exams():
    """One in the making, one to come, one that runs, one being graded."""
    day = timedelta(days=1)
    grading = exam_with("Spring Round", opens_in=-day, people=PAPERS)
    create_grading_tasks(exam_id=grading.pk, now=timezone.now())
    running = exam_with("Summer Round", opens_in=-timedelta(hours=1), people=[None] * 3 + [(7, 3, 0)])
    factories.TimeBlockFactory(
        exam=running, name="America", zone="America/New_York", opens_at=timezone.now() + day
    )
    coming = exam_with("Autumn Round", opens_in=day)
    for registration in factories.RegistrationFactory.create_batch(
        4, exam=coming, time_block=coming.time_blocks.get()
    ):
        factories.AccessKeyFactory(contestant=registration.contestant)
    drafted = exam_with("Winter Round of the Mathematical Society", opens_in=day, status=ExamStatus.DRAFT)
    return {"grading": grading, "running": running, "coming": coming, "drafted": drafted}


def take_part(name, role, exams):
    user = get_user_model().objects.create_user(name, password=PASSWORD, is_staff=True)
    for exam in exams:
        factories.ExamStaffFactory(user=user, exam=exam, role=role)


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desk", "phone"])
def test_home_leads_to_the_next_thing(open_page, look, exams, viewport):
    take_part("noether", StaffRole.ORGANISER, exams.values())
    take_part("gauss", StaffRole.GRADER, [exams["grading"]])
    page = open_page(viewport=viewport)
    sign_in(page, "noether")
    expect(page.get_by_role("heading", level=2).first).to_have_text("Summer Round")
    expect(page.get_by_text("Europe: running until")).to_be_visible()
    expect(page.get_by_text("4 answers wait for a score")).to_be_visible()
    look(page, "console-home")
    for control in page.locator("#header a, #header button").all():
        box = control.bounding_box()
        assert min(box["width"], box["height"]) >= 44, control.inner_text()
    page.get_by_role("link", name="Watch the sitting: 3 contestants are writing").click()
    expect(page.get_by_text("4 submissions")).to_be_visible()

    grader = open_page(viewport=viewport)
    sign_in(grader, "gauss")
    look(grader, "console-home-grader")
    grader.get_by_role("link", name="Grade the next answer: 4 wait").click()
    expect(grader.get_by_test_id("claim-next")).to_be_visible()


def test_home_says_so_when_there_is_little_to_show(open_page, look, transactional_db):
    over = exam_with("Last Year’s Round", opens_in=-timedelta(days=300), people=[(7, 3, 0)])
    publish_results(exam_id=over.pk, actor=None, now=timezone.now() - timedelta(days=200))
    take_part("noether", StaffRole.ORGANISER, [over])
    take_part("galois", StaffRole.OBSERVER, [])
    page = open_page(viewport=PHONE)
    sign_in(page, "noether")
    page.get_by_text("Past exams (1)").click()
    expect(page.get_by_role("link", name="Results")).to_be_visible()
    look(page, "console-home-past")
    nobody = open_page()
    sign_in(nobody, "galois")
    expect(nobody.get_by_text("You have no part in an exam yet.")).to_be_visible()
    look(nobody, "console-home-empty")


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desk", "phone"])
def test_an_organiser_looks_at_how_the_problems_did(open_page, look, viewport):
    papers = [(min(7, place % 9), place * 5 % 8, 7 if place % 4 else 0) for place in range(24)]
    exam = exam_with("Spring Round", opens_in=-timedelta(days=1), people=papers)
    take_part("noether", StaffRole.ORGANISER, [exam])
    publish_results(exam_id=exam.pk, actor=None, now=timezone.now())
    task = GradingTask.objects.filter(answer__number=3, answer__submission__registration__exam=exam).first()
    factories.ScoreFactory(task=task, version=2, points=4)
    publish_results(exam_id=exam.pk, actor=None, now=timezone.now())
    page = open_page(viewport=viewport)
    sign_in(page, "noether")
    page.get_by_role("link", name="Results are published (publication 2)").click()
    page.get_by_role("link", name="Statistics").first.click()
    expect(page.get_by_text("Of publication 2,")).to_be_visible()
    look(page, "console-statistics")
    page.go_back()
    page.get_by_role("link", name="What changed from one to another").click()
    expect(page.get_by_text("1 changed")).to_be_visible()
    look(page, "console-changes")
    page.goto("/console/grading/publication/results/")
    look(page, "console-results-published")

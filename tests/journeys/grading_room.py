"""A room of graders for the journeys: many papers of one problem, and who grades them."""

from datetime import timedelta

from django.contrib.auth import get_user_model
from django.utils import timezone
from playwright.sync_api import expect

from apps.exams.enums import ProblemKind
from apps.submissions.enums import SubmittedBy
from apps.submissions.models import Answer, AnswerRevision
from tests import factories

PASSWORD = "correct horse battery"


def set_papers(count):
    """An exam with so many papers of one answer each, handed in."""
    exam = factories.ExamFactory(title="Spring Round")
    block = factories.TimeBlockFactory(exam=exam, opens_at=timezone.now() - timedelta(days=1))
    problem = factories.ProblemFactory(
        exam=exam, number=1, kind=ProblemKind.PROOF, max_points=7, accepted=[], solution_html="<p>So.</p>"
    )
    papers = [
        factories.SubmissionFactory(
            registration=factories.RegistrationFactory(exam=exam, time_block=block),
            started_at=timezone.now() - timedelta(hours=5),
            deadline_at=timezone.now() - timedelta(hours=3),
            submitted_at=timezone.now() - timedelta(hours=3),
            submitted_by=SubmittedBy.CONTESTANT,
        )
        for _ in range(count)
    ]
    answers = Answer.objects.bulk_create(
        Answer(submission=paper, problem=problem, number=1, text=f"It is {place}.", revision=1)
        for place, paper in enumerate(papers)
    )
    AnswerRevision.objects.bulk_create(
        factories.AnswerRevisionFactory.build(answer=answer, submission=answer.submission, text=answer.text)
        for answer in answers
    )
    return exam


def appoint(exam, name, role):
    user = get_user_model().objects.create_user(name, password=PASSWORD, is_staff=True)
    factories.ExamStaffFactory(user=user, exam=exam, role=role)
    return user


def sign_in(page, name):
    page.goto("/console/")
    page.get_by_label("Username:").fill(name)
    page.get_by_label("Password:").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Log out")).to_be_visible()


def start_grading(page, name):
    """Sign in and open the first answer; the next two are there when this returns."""
    sign_in(page, name)
    page.goto("/console/grading/gradingtask/desk/")
    page.get_by_test_id("claim-next").click()
    expect(page.locator("[data-ahead]")).to_have_attribute("data-waiting", "2")
    expect(page.get_by_test_id("points")).to_be_focused()


def shown_task(page):
    return int(page.locator("#sheet").get_attribute("data-sheet"))


def wait_for_another(page, task):
    page.wait_for_function(
        "task => document.querySelector('#sheet')?.dataset.sheet !== String(task)", arg=task
    )
    expect(page.get_by_test_id("points")).to_be_focused()

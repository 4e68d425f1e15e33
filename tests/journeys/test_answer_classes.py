"""Forty answers to one problem, scored class by class with a handful of keys."""

from collections import Counter
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from apps.exams.enums import ProblemKind, StaffRole
from apps.grading.models import GradingTask, Score, ScoringAct
from apps.grading.services.queueing import create_grading_tasks
from apps.submissions.enums import SubmittedBy
from tests import factories
from tests.journeys.conftest import PHONE
from tests.journeys.test_grader import sign_in

# What forty contestants wrote; 46 is right.
WRITTEN = Counter({"46": 18, "４６": 4, "45": 3, "64": 2, "50": 4, "n = 46": 1, "12": 2, "199": 1, "": 5})


@pytest.fixture
def exam():
    exam = factories.ExamFactory(title="Spring Round")
    block = factories.TimeBlockFactory(exam=exam, opens_at=timezone.now() - timedelta(days=1))
    problem = factories.ProblemFactory(exam=exam, number=1, kind=ProblemKind.INTEGER, accepted=["46"])
    for text in WRITTEN.elements():
        paper = factories.SubmissionFactory(
            registration=factories.RegistrationFactory(exam=exam, time_block=block),
            started_at=timezone.now() - timedelta(hours=5),
            deadline_at=timezone.now() - timedelta(hours=3),
            submitted_at=timezone.now() - timedelta(hours=3),
            submitted_by=SubmittedBy.CONTESTANT,
        )
        factories.AnswerFactory(submission=paper, problem=problem, text=text, revision=1 if text else 0)
    create_grading_tasks(exam_id=exam.pk, now=timezone.now())
    return exam


class Keys:
    """A keyboard that counts what is pressed, and waits until the next page stands."""

    def __init__(self, page):
        self.page = page
        self.pressed = 0

    def press(self, *keys):
        for key in keys:
            self.page.keyboard.press(key)
            self.pressed += 1

    def score(self, key, words):
        self.press(key, "Enter")
        expect(self.page.get_by_test_id("done")).to_contain_text(words)


@pytest.fixture
def member(exam, django_user_model):
    def member(name, role):
        user = django_user_model.objects.create_user(name, password="correct horse battery", is_staff=True)
        factories.ExamStaffFactory(user=user, exam=exam, role=role)

    return member


def test_a_lead_scores_forty_answers_with_ten_keys(page, open_page, look, exam, member):
    member("gauss", StaffRole.LEAD_GRADER)
    sign_in(page, "gauss")
    page.goto("/console/grading/gradingtask/desk/")
    page.get_by_role("link", name="Problem 1: many answers at once").click()
    expect(page.get_by_test_id("class-points")).to_be_focused()
    look(page, "classes")
    phone = open_page(viewport=PHONE, storage_state=page.context.storage_state())
    phone.goto(page.url)
    look(phone, "classes")
    phone.get_by_role("heading", name="The problem").click()
    look(phone, "classes-problem")
    keys = Keys(page)
    keys.score("f", "Scored 22 answers “46” with 7 points")
    # The next one stands out as almost right; with the grader's eye on it, it gets its points too.
    expect(page.locator("li", has=page.get_by_test_id("class-points"))).to_contain_text("off by one")
    look(page, "classes-done")
    keys.press("j", "j")
    keys.score("f", "Scored 1 answer “n=46” with 7 points")
    keys.press("r")
    expect(page.get_by_test_id("covers")).to_contain_text("12 answers in 5 classes would get 0 points.")
    expect(page.get_by_test_id("confirm-remaining")).to_be_focused()
    look(page, "classes-remaining")
    phone.goto(page.url)
    look(phone, "classes-remaining")
    keys.press("Enter")
    expect(page.get_by_test_id("done")).to_contain_text("Scored 12 remaining answers with 0 points")
    keys.score("0", "Scored 5 blank answers with 0 points")
    assert not GradingTask.objects.unfinished().exists()
    assert Score.objects.count() == WRITTEN.total() == 40
    assert Score.objects.filter(points=7).count() == 23
    assert keys.pressed == 10
    look(page, "classes-finished")
    take_back_and_list(page, phone, look)


def take_back_and_list(page, phone, look):
    page.keyboard.press("u")
    expect(page.get_by_text("5 scores were taken back.")).to_be_visible()
    expect(page.get_by_test_id("class-points")).to_be_focused()
    page.keyboard.press("o")
    expect(page.get_by_role("list", name="Answers of this class by blind code")).to_be_visible()
    look(page, "classes-opened")
    page.get_by_role("link", name="Everything scored many at once").click()
    expect(page.get_by_text("5 of 5 taken back")).to_be_visible()
    look(page, "acts")
    phone.goto(page.url)
    look(phone, "acts")
    page.get_by_role("button", name="Undo: problem 1, 12 answers").click()
    expect(page.get_by_text("12 scores were taken back.")).to_be_visible()
    assert ScoringAct.objects.standing().count() == 2


def test_a_grader_scores_classes_without_scripts(open_page, look, exam, member):
    member("gauss", StaffRole.GRADER)
    page = open_page(java_script_enabled=False)
    sign_in(page, "gauss")
    page.goto("/console/grading/gradingtask/desk/")
    page.get_by_role("link", name="Problem 1: many answers at once").click()
    page.get_by_label("Points for 46", exact=True).fill("7")
    page.get_by_label("Points for 46", exact=True).press("Enter")
    expect(page.get_by_test_id("done")).to_contain_text("Scored 22 answers “46” with 7 points")
    page.get_by_test_id("undo").click()
    expect(page.get_by_text("22 scores were taken back.")).to_be_visible()
    page.get_by_label("Points for blank answers").fill("9")
    page.get_by_label("Points for blank answers").press("Enter")
    expect(page.get_by_text("This problem is worth at most 7 points.")).to_be_visible()
    expect(page.get_by_label("Points for blank answers")).to_have_value("9")

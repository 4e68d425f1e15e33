"""A grader's day with nothing but a keyboard: the desk, points and comment, next, a slip corrected, done."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth import get_user_model
from django.utils import timezone
from playwright.sync_api import expect

from apps.exams.enums import ProblemKind, StaffRole
from apps.grading.models import Score
from apps.submissions.enums import SubmittedBy
from tests import factories
from tests.journeys.conftest import PHONE

PASSWORD = "correct horse battery"
PROOF = (
    "Suppose $p$ divides $n^2+1$. Then $n^2\\equiv-1\\pmod p$, so\n\n"
    "$$n^{p-1}=(n^2)^{\\frac{p-1}{2}}\\equiv(-1)^{\\frac{p-1}{2}}\\pmod p.$$\n\n"
    "By Fermat the left side is $1$, hence $p=2$ or $p\\equiv1\\pmod4$. $\\blacksquare$"
)


def problem(exam, number, kind, **fields):
    statement = fields.pop("statement")
    made = factories.ProblemFactory(exam=exam, number=number, kind=kind, statement=None, **fields)
    factories.StatementVersionFactory(problem=made, html=f"<p>{statement}</p>", **fields.pop("choices", {}))
    return made


@pytest.fixture
def exam():
    exam = factories.ExamFactory(title="Spring Round")
    block = factories.TimeBlockFactory(exam=exam, opens_at=timezone.now() - timedelta(days=1))
    integer = problem(
        exam, 1, ProblemKind.INTEGER, statement="How many primes are below 200?", accepted=["46"]
    )
    proof = problem(
        exam,
        2,
        ProblemKind.PROOF,
        accepted=[],
        solution_html="<p>Use Fermat’s little theorem.</p>",
        statement="Let p be a prime that divides n² + 1. Show that p = 2 or p ≡ 1 modulo 4.",
    )
    for texts in (("46", PROOF), ("４６", "By induction."), ("", "")):
        paper = factories.SubmissionFactory(
            registration=factories.RegistrationFactory(exam=exam, time_block=block),
            started_at=timezone.now() - timedelta(hours=5),
            deadline_at=timezone.now() - timedelta(hours=3),
            submitted_at=timezone.now() - timedelta(hours=3),
            submitted_by=SubmittedBy.CONTESTANT,
        )
        for one, text in zip((integer, proof), texts, strict=True):
            answer = factories.AnswerFactory(
                submission=paper, problem=one, text=text, revision=1 if text else 0
            )
            if text:
                factories.AnswerRevisionFactory(answer=answer, text=text)
    return exam


@pytest.fixture
def staff(exam):
    def make(name, role):
        user = get_user_model().objects.create_user(name, password=PASSWORD, is_staff=True)
        factories.ExamStaffFactory(user=user, exam=exam, role=role)
        return user

    return make


def sign_in(page, name):
    page.goto("/console/")
    page.get_by_label("Username:").focus()
    page.keyboard.type(name)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Log out")).to_be_visible()


def type_password_again(page):
    """What the console asks before results are published and keys handed out."""
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Go on").click()


def test_a_grader_scores_everything_by_keyboard(page, open_page, look, exam, staff):
    staff("gauss", StaffRole.GRADER)
    staff("euler", StaffRole.ORGANISER)
    sign_in(page, "gauss")
    look(page, "console-index")
    page.goto("/console/grading/gradingtask/desk/")
    expect(page.get_by_text("6 answers of closed papers are not in the queue yet.")).to_be_visible()
    page.get_by_role("button", name="Queue them").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Queue them")).to_have_count(0)
    look(page, "grading-desk")
    page.get_by_test_id("claim-next").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("points")).to_be_focused()
    look(page, "grading-score")
    phone = open_page(viewport=PHONE, storage_state=page.context.storage_state())
    phone.goto(page.url)
    look(phone, "grading-score")
    # Points that cannot be: the page says why, and keeps what was typed.
    page.keyboard.type("9")
    page.keyboard.press("Enter")
    expect(page.get_by_text("This problem is worth at most 7 points.")).to_be_visible()
    look(page, "grading-score-refused")
    page.get_by_test_id("points").select_text()
    for place in range(6):
        page.keyboard.press("f")
        if place == 0:
            page.keyboard.press("c")
            page.keyboard.type("Well done.")
            page.keyboard.press("Escape")
            page.keyboard.press("n")
            page.keyboard.type("seen twice")
            page.keyboard.press("Control+Enter")
        else:
            page.keyboard.press("Enter")
        page.wait_for_url(lambda url, done=place: ("desk" in url) == (done == 5))
        if place < 5:
            expect(page.get_by_test_id("points")).to_have_value("")
    expect(page.get_by_text("Nothing is left for you. Thank you.")).to_be_visible()
    look(page, "grading-desk-done")
    assert Score.objects.filter(points=Decimal(7)).count() == 6
    assert Score.objects.filter(comment="Well done.", note="seen twice").count() == 1
    correct_a_slip(page, look)
    publish(open_page(), look)


def correct_a_slip(page, look):
    """From the list, by a new version of the score."""
    page.goto("/console/grading/gradingtask/?grader=me")
    look(page, "grading-list")
    page.goto("/console/grading/gradingtask/desk/")
    page.get_by_role("link", name="My scores").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="7 × 3").first).to_be_visible()
    look(page, "grading-mine")
    page.get_by_role("link", name="Reopen").first.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("points")).to_have_value("7")
    page.keyboard.type("5")
    page.keyboard.press("Enter")
    page.wait_for_url("**/desk/**")
    assert Score.objects.get(version=2).points == 5


def publish(page, look):
    sign_in(page, "euler")
    page.goto("/console/grading/publication/results/")
    look(page, "results-ready")
    page.get_by_test_id("publish").click()
    type_password_again(page)
    expect(page.get_by_text("is what contestants see.")).to_be_visible()
    look(page, "results-published")


def test_a_grader_works_without_scripts_and_gives_an_answer_back(open_page, look, exam, staff):
    staff("gauss", StaffRole.GRADER)
    page = open_page(java_script_enabled=False)
    sign_in(page, "gauss")
    page.goto("/console/grading/gradingtask/desk/")
    page.get_by_test_id("claim-next").click()
    first = page.url
    page.get_by_test_id("surrender").click()
    expect(page.get_by_text("You gave the answer back")).to_be_visible()
    assert page.url != first
    page.get_by_test_id("points").fill("3")
    page.get_by_test_id("points").press("Enter")
    expect(page.get_by_test_id("saved")).to_contain_text("3 points")


def test_a_grader_sees_both_scores_when_somebody_else_was_faster(page, look, exam, staff):
    gauss = staff("gauss", StaffRole.LEAD_GRADER)
    sign_in(page, "gauss")
    page.goto("/console/grading/gradingtask/desk/")
    page.get_by_test_id("claim-next").click()
    expect(page.get_by_test_id("points")).to_be_focused()
    task_id = int(page.url.split("/")[-3])
    factories.ScoreFactory(
        task_id=task_id, task=None, points=2, comment="Only a guess.", grader=factories.UserFactory()
    )
    page.get_by_test_id("points").fill("6")
    page.get_by_test_id("comment").fill("Nearly.")
    page.get_by_test_id("save-score").click()
    expect(page.get_by_test_id("conflict-yours")).to_have_text("6")
    expect(page.get_by_test_id("conflict-current")).to_have_text("2")
    look(page, "grading-conflict")
    page.set_viewport_size(PHONE)
    look(page, "grading-conflict")
    page.get_by_test_id("save-score").click()
    expect(page.get_by_test_id("saved")).to_contain_text("6 points")
    assert Score.objects.get(task=task_id, version=2).grader == gauss

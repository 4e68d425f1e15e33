"""An organiser edits a problem in the console and looks at the exam as contestants will see it."""

import pytest
from django.contrib.auth import get_user_model
from django.utils import timezone
from playwright.sync_api import expect

from apps.exams.models import Problem
from apps.exams.services.demonstrating import import_demo_exam
from apps.exams.services.editing import add_statement_version
from tests.journeys.conftest import DESKTOP, PHONE

PASSWORD = "correct horse battery"


@pytest.fixture
def exam_id():
    get_user_model().objects.create_superuser("organiser", "", PASSWORD)
    return import_demo_exam(
        time_blocks=[
            {
                "name": "Demo",
                "opens_at": "2030-03-14T15:00:00+01:00",
                "closes_at": "2030-03-14T18:00:00+01:00",
            }
        ],
        actor=None,
        now=timezone.now(),
    ).exam_id


def enter_console(page):
    page.goto("/console/")
    page.get_by_label("Username").fill("organiser")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desk", "phone"])
def test_an_organiser_corrects_a_problem_and_sees_it_in_the_preview(open_page, look, exam_id, viewport):
    page = open_page(viewport=viewport)
    enter_console(page)
    page.goto(f"/console/exams/exam/{exam_id}/change/")
    page.get_by_role("link", name="Problem 3", exact=True).click()

    # A slip is told beside its field, with its place.
    statement = page.get_by_label("Statement:")
    statement.fill("Find $\\foo{x}$.")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("line 1: unknown command \\foo at position 1 of the formula")).to_be_visible()
    statement.fill("Find $\\frac{84}{2}$.")
    page.get_by_label("Note:").fill("The numbers were corrected.")
    page.get_by_label("Accepted answers:").fill("42")
    page.get_by_role("button", name="Save and continue editing").click()

    page.get_by_role("link", name="Preview").click()
    problem = page.get_by_test_id("problem-3")
    expect(problem.get_by_text("The numbers were corrected.")).to_be_visible()
    expect(problem.locator(".katex").first).to_be_visible()
    expect(page.get_by_test_id("answer-3")).to_be_disabled()
    figure = page.get_by_role("img", name="The square ABCD")
    expect(figure).to_be_visible()
    assert figure.evaluate("image => image.naturalWidth") == 300
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    look(page, "exam-preview")


def test_a_formula_wider_than_the_screen_can_be_scrolled_by_the_keyboard(open_page, look, exam_id):
    page = open_page(viewport=PHONE)
    enter_console(page)
    problem = Problem.objects.get(exam_id=exam_id, number=3)
    terms = " + ".join(f"a_{{{number}}} x^{{{number}}}" for number in range(30))
    source = f"Simplify $${terms}$$ and $$x^2$$"
    add_statement_version(problem_id=problem.pk, source=source, actor=None, now=timezone.now())
    page.goto(f"/console/exams/exam/{exam_id}/preview/")
    wide, narrow = page.locator("#statement-3 .katex-display").all()
    expect(wide).to_have_attribute("tabindex", "0")
    expect(narrow).not_to_have_attribute("tabindex", "0")
    look(page, "exam-preview-wide-formula")
    wide.focus()
    page.keyboard.press("ArrowRight")
    expect(wide).not_to_have_js_property("scrollLeft", 0)

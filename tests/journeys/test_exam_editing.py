"""An organiser edits an exam in the console, from writing a statement to calling the exam ready."""

import re

import pytest
from playwright.sync_api import expect

from apps.exams.models import Exam, StatementVersion
from tests.journeys.conftest import DESKTOP, PHONE
from tests.journeys.stage import set_exam
from tests.journeys.test_grader import PASSWORD, sign_in


@pytest.fixture
def organiser(django_user_model):
    return django_user_model.objects.create_superuser("noether", password=PASSWORD)


@pytest.fixture
def exam(transactional_db):
    """Opens tomorrow: nobody has started."""
    return set_exam(opens_in=86_400)


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desk", "phone"])
def test_a_statement_is_seen_as_it_is_written_and_compared_later(open_page, look, exam, organiser, viewport):
    page = open_page(viewport=viewport)
    sign_in(page, "noether")
    page.goto(f"/console/exams/exam/{exam.pk}/change/")
    page.get_by_role("link", name="Problem 2", exact=True).click()
    live = page.get_by_role("region", name="As contestants see it")
    expect(live).to_contain_text("As it was saved")
    look(page, "editing-problem")

    # What is typed is rendered by the server, without saving.
    statement = page.get_by_label("Statement:")
    statement.fill("Find the *largest* root of $x^2+5x-14=0$.")
    expect(live.locator("em")).to_have_text("largest")
    expect(live.locator(".katex").first).to_be_visible()
    expect(live.get_by_role("status")).to_contain_text("As it is typed.")

    # A slip is told at its field, and leads to its line; the last good text stays in sight.
    statement.fill("Find the *largest* root.\n\nOf $\\foo$.")
    jump = page.get_by_role("button", name="line 3")
    expect(jump).to_be_visible()
    expect(live.get_by_role("status")).to_contain_text("Statement, line 3: unknown command \\foo")
    expect(live.locator("em")).to_have_text("largest")
    jump.press("Enter")
    expect(statement).to_be_focused()
    assert statement.evaluate("field => field.value.slice(field.selectionStart, field.selectionEnd)") == (
        "Of $\\foo$."
    )
    look(page, "editing-problem-slip")

    assert StatementVersion.objects.filter(problem__exam=exam, problem__number=2).count() == 1
    statement.fill("Find the *largest* root of $x^2+5x-14=0$.")
    expect(live.get_by_role("status")).to_contain_text("As it is typed.")
    page.get_by_label("Note:").fill("Largest, not smallest.")
    page.get_by_role("button", name="Save and continue editing").click()

    page.get_by_role("link", name="Versions").click()
    expect(page.locator(".text-diff ins").first).to_have_text(re.compile("largest"))
    expect(page.locator(".text-diff del").first).to_have_text("smallest")
    look(page, "editing-versions")
    assert Exam.objects.get(pk=exam.pk).version > exam.version

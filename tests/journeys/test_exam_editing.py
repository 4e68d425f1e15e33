"""An organiser edits an exam in the console, from writing a statement to calling the exam ready."""

import re

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from apps.exams.models import Exam, StatementVersion
from tests.exams.papers import SVG, YAML
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


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desk", "phone"])
def test_an_exam_comes_from_a_file_is_duplicated_and_made_ready(
    open_page, look, organiser, tmp_path, viewport
):
    page = open_page(viewport=viewport)
    sign_in(page, "noether")

    # A file with faults: all of them are told by their places, and nothing is written.
    page.goto("/console/exams/exam/")
    page.get_by_role("link", name="Import").click()
    source, drawing = tmp_path / "exam.yaml", tmp_path / "triangle.svg"
    source.write_text(YAML.replace("zone: Europe/Berlin", "zone: Berlin").replace("\\sqrt{8}", "\\foo{8}"))
    drawing.write_bytes(SVG.replace(b"<path ", b'<path fill="none" stroke="black" '))
    page.get_by_label("File", exact=True).set_input_files(source)
    page.get_by_label("Figures that lie beside it").set_input_files(drawing)
    page.get_by_role("button", name="Check the file").click()
    expect(page.get_by_role("alert")).to_contain_text("2 things to correct; nothing was written")
    expect(page.get_by_role("alert")).to_contain_text("problem 3, statement")
    look(page, "editing-import-faults")

    # Corrected: what it would make is shown first.
    source.write_text(YAML)
    page.get_by_label("File", exact=True).set_input_files(source)
    page.get_by_label("Figures that lie beside it").set_input_files(drawing)
    page.get_by_role("button", name="Check the file").click()
    expect(page.get_by_text("Nothing is written yet")).to_be_visible()
    look(page, "editing-import")
    assert not Exam.objects.exists()
    page.get_by_role("button", name="Import this exam").click()
    expect(page.get_by_text("Spring Round was imported.")).to_be_visible()
    look(page, "editing-exam")

    page.get_by_role("link", name="Figures", exact=True).click()
    thumbnail = page.get_by_role("img", name="A triangle")
    expect(thumbnail).to_have_js_property("naturalWidth", 40)
    look(page, "editing-figures")
    page.go_back()

    with page.expect_download() as download:
        page.get_by_role("link", name="Export").click()
        look(page, "editing-export")
        page.get_by_role("link", name="Download ZIP").click()
    assert download.value.suggested_filename == "spring-2026.zip"
    page.get_by_role("link", name="Back to the exam").click()

    page.get_by_role("link", name="Duplicate").click()
    page.get_by_label("Slug").fill("autumn-2031")
    page.get_by_label("Title").fill("Autumn Round")
    page.get_by_label(re.compile("opens at")).fill("2031-09-20T10:00")
    look(page, "editing-duplicate")
    page.get_by_role("button", name="Duplicate").click()
    expect(page.get_by_text("Autumn Round was made, as a draft.")).to_be_visible()
    copy = Exam.objects.get(slug="autumn-2031")
    assert copy.problems.count() == 4

    page.get_by_role("link", name="Make ready").click()
    expect(page.get_by_text("It opens by itself at the times of its time blocks")).to_be_visible()
    look(page, "editing-ready")
    page.get_by_role("button", name="Make the exam ready").click()
    expect(page.get_by_text("Autumn Round is ready now.")).to_be_visible()

    # Somebody starts: from now on some things stay, and some ask first.
    Exam.objects.filter(pk=copy.pk).update(first_started_at=timezone.now())
    page.reload()
    expect(page.get_by_label("Slug:")).to_be_disabled()
    page.get_by_label("Grace seconds:").fill("60")
    page.get_by_role("button", name="Save and continue editing").click()
    expect(page.get_by_text("Papers already started keep theirs.")).to_be_visible()
    look(page, "editing-started")
    page.get_by_label("Change it all the same").check()
    page.get_by_label("Why:").fill("The network is slow today.")
    page.get_by_role("button", name="Save and continue editing").click()
    expect(page.get_by_text("was changed successfully")).to_be_visible()
    assert Exam.objects.get(pk=copy.pk).grace_seconds == 60

"""An organiser's competition, end to end: from a file to published results, through the real pages.

The problems are real ones where a collection of them lies beside the project, the demo's otherwise.
"""

import csv
import io
import re
from datetime import UTC, datetime, timedelta

import pytest
import yaml
from django.contrib.auth import get_user_model
from django.core.management import call_command
from playwright.sync_api import expect

from apps.exams.models import Exam
from apps.grading.models import Result
from tests.exams.test_real_problems import ANSWERS, OWN, REFUSED, as_problem
from tests.journeys.test_grader import PASSWORD, sign_in, type_password_again

PROBLEMS = [
    as_problem(row, "expression") for row in ANSWERS if (row["Problem ID"], "Problem") not in REFUSED
][:8]
# The demo's figure has no place in this file.
PROBLEMS = PROBLEMS or [problem for problem in OWN if "](" not in problem["statement"]]
KEYS = 3


@pytest.fixture
def exam_file(tmp_path):
    """CONTRACT's YAML of an exam that opened a minute ago."""
    now = datetime.now(tz=UTC).replace(microsecond=0)
    tree = {
        "format": "examgrader/1",
        "slug": "autumn",
        "title": "Autumn Round",
        "zone": "Europe/Berlin",
        "time_blocks": [
            {
                "name": "Main",
                "opens_at": (now - timedelta(minutes=1)).isoformat(),
                "closes_at": (now + timedelta(hours=2)).isoformat(),
            }
        ],
        "problems": [{**problem, "number": number} for number, problem in enumerate(PROBLEMS, start=1)],
    }
    path = tmp_path / "autumn.yaml"
    path.write_text(yaml.safe_dump(tree, allow_unicode=True))
    return path


@pytest.fixture
def organiser():
    return get_user_model().objects.create_superuser("noether", password=PASSWORD)


def test_an_organiser_runs_a_competition(page, open_page, look, exam_file, organiser):
    # The exam comes from a file; a dry run writes nothing.
    call_command("import_exam", str(exam_file), "--dry-run")
    assert not Exam.objects.exists()
    call_command("import_exam", str(exam_file))
    exam = Exam.objects.get()

    # In the console it is looked at as contestants will see it.
    sign_in(page, "noether")
    page.goto(f"/console/exams/exam/{exam.pk}/change/")
    look(page, "console-exam")
    page.get_by_role("link", name=re.compile("Preview", re.IGNORECASE)).first.click()
    expect(page.locator(".katex").first).to_be_visible()
    look(page, "console-preview")

    # Keys are issued there, and downloaded once.
    page.goto("/console/access/accesskey/issue/")
    look(page, "console-password-again")
    type_password_again(page)
    page.get_by_label("Exam").select_option(label="Autumn Round")
    page.locator("[name=count]").fill(str(KEYS))
    look(page, "console-issue-keys")
    with page.expect_download() as download:
        page.get_by_role("button", name="Issue keys").click()
    keys = list(csv.DictReader(io.StringIO(download.value.path().read_text(encoding="utf-8-sig"))))
    assert len({row["key"] for row in keys}) == KEYS

    # One contestant answers everything as accepted, one blindly, one never comes.
    sit(open_page(), keys[0]["key"], [(problem.get("accepted") or ["No idea"])[0] for problem in PROBLEMS])
    sit(open_page(), keys[1]["key"], ["0"] * len(PROBLEMS))

    # Not everything is scored: publishing says what is missing.
    page.goto(f"/console/grading/publication/results/{exam.pk}/")
    expect(page.get_by_test_id("missing")).to_be_visible()
    expect(page.get_by_test_id("publish")).to_have_count(0)
    look(page, "console-results-missing")

    grade(page, exam, look)

    page.goto(f"/console/grading/publication/results/{exam.pk}/")
    page.get_by_test_id("publish").click()
    expect(page.get_by_text("is what contestants see")).to_be_visible()
    look(page, "console-results")
    ranks = dict(Result.objects.values_list("number", "rank"))
    assert ranks == {int(keys[0]["number"]): 1, int(keys[1]["number"]): 2, int(keys[2]["number"]): None}

    # The winner looks.
    winner = open_page()
    enter(winner, keys[0]["key"])
    winner.goto("/exam/result/")
    expect(winner.get_by_text(re.compile("^1st")).first).to_be_visible()
    look(winner, "result-real")

    # The organiser takes it back: nobody sees it any more.
    page.get_by_label(re.compile("Why|Reason")).fill("Problem 2 is graded again.")
    page.get_by_test_id("withdraw").click()
    expect(page.get_by_text("Nothing is published")).to_be_visible()
    winner.reload()
    expect(winner.get_by_text(re.compile("^1st"))).to_have_count(0)


def enter(page, key):
    page.goto("/")
    page.get_by_test_id("access-key").fill(key)
    page.get_by_test_id("enter").click()
    expect(page).to_have_url(re.compile("/exam/"))


def sit(page, key, texts):
    enter(page, key)
    page.get_by_test_id("start").click()
    expect(page.get_by_test_id("problem-1").locator(".katex").first).to_be_visible()
    for number, (problem, text) in enumerate(zip(PROBLEMS, texts, strict=True), start=1):
        field = page.get_by_test_id(f"answer-{number}")
        if problem["kind"] == "choice":
            # "0" is no label: such a contestant leaves a choice blank.
            page.locator(f"[name=answer-{number}][value='{text if text != '0' else ''}']").check()
        else:
            field.fill(text)
    expect(page.get_by_test_id("save-state")).to_have_attribute("data-state", "saved")
    page.get_by_test_id("submit").first.click()
    page.get_by_test_id("confirm-submit").click()
    expect(page.get_by_test_id("receipt-code")).to_be_visible()


def grade(page, exam, look):
    """All points where the console says that the answer equals an accepted one, none elsewhere."""
    page.goto(f"/console/grading/gradingtask/desk/{exam.pk}/")
    page.get_by_role("button", name=re.compile("^Queue")).click()
    expect(page.get_by_text("not in the queue yet")).to_have_count(0)
    look(page, "console-desk")
    page.get_by_test_id("claim-next").first.click()
    for place in range(2 * len(PROBLEMS)):
        points = page.get_by_test_id("points")
        expect(points).to_be_focused()
        if place == 0:
            look(page, "console-scoring")
        equals = page.get_by_text(re.compile("equals an accepted", re.IGNORECASE)).count()
        number = int(re.search(r"Problem (\d+)", page.locator("h1").inner_text()).group(1))
        points.press_sequentially(str(PROBLEMS[number - 1]["max_points"]) if equals else "0")
        before = page.url
        points.press("Enter")
        expect(page).not_to_have_url(before)
    expect(page.get_by_text(re.compile("of .* scored")).first).to_be_visible()

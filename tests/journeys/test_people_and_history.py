"""An organiser's people: a roster looked at and imported, keys issued, one slip lost and replaced."""

import csv
import io

import pytest
from django.contrib.auth import get_user_model
from playwright.sync_api import expect

from apps.access.models import AccessKey, Contestant
from apps.exams.enums import StaffRole
from tests import factories
from tests.journeys.conftest import DESKTOP, PHONE
from tests.journeys.stage import set_exam
from tests.journeys.test_grader import PASSWORD, sign_in

VIEWPORTS = pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desk", "phone"])
ROSTER = "external_id;name;school;room\na1;Ana Kovač;Gauss School;101\nb2;Bo Li;Gauss School;101\n"


@pytest.fixture
def exam():
    exam = set_exam()
    organiser = get_user_model().objects.create_user("noether", password=PASSWORD, is_staff=True)
    factories.ExamStaffFactory(user=organiser, exam=exam, role=StaffRole.ORGANISER)
    return exam


def choose(page, rows, action):
    for row in rows:
        page.get_by_role("row", name=row).locator("input.action-select").check()
    page.locator("select[name=action]").select_option(label=action)
    page.get_by_role("button", name="Go").click()


def keys_of(page, button):
    with page.expect_download() as download:
        page.get_by_role("button", name=button).click()
    return list(csv.DictReader(io.StringIO(download.value.path().read_text())))


@VIEWPORTS
def test_an_organiser_brings_in_a_roster_and_replaces_a_slip(open_page, look, exam, viewport):
    page = open_page(viewport=viewport)
    sign_in(page, "noether")
    page.goto("/console/access/contestant/roster/")
    page.get_by_label("Exam").select_option(label="Journey Round")
    look(page, "console-roster")

    # A first try with mistakes: all of them are told at once.
    wrong = "external_id,time_factor,time_block\na1,99,Main\n,1,Elsewhere\n"
    page.locator("[type=file]").set_input_files(
        {"name": "roster.csv", "mimeType": "text/csv", "buffer": wrong.encode()}
    )
    page.get_by_role("button", name="Look at it first").click()
    expect(page.get_by_role("heading", name="3 things to put right")).to_be_visible()
    look(page, "console-roster-wrong")

    page.locator("[type=file]").set_input_files(
        {"name": "roster.csv", "mimeType": "text/csv", "buffer": f"\ufeff{ROSTER}".encode()}
    )
    page.get_by_role("button", name="Look at it first").click()
    expect(page.get_by_role("heading", name="What this roster would do")).to_be_visible()
    look(page, "console-roster-shown")
    assert not Contestant.objects.exists()
    page.get_by_test_id("confirm-roster").click()
    expect(page.get_by_text("2 new contestants")).to_be_visible()
    look(page, "console-contestants")

    page.goto("/console/access/registration/")
    choose(page, ["0001", "0002"], "Issue keys…")
    expect(page.get_by_text("For 2 registrations.")).to_be_visible()
    look(page, "console-issue-for")
    slips = keys_of(page, "Issue keys")
    assert [slip["name"] for slip in slips] == ["Ana Kovač", "Bo Li"]

    # Somebody stands there with a slip that is torn: its first four symbols find them.
    page.goto("/console/access/contestant/")
    page.get_by_role("searchbox").or_(page.locator("#searchbar")).first.fill(slips[1]["hint"])
    page.keyboard.press("Enter")
    page.get_by_role("link", name="0002").click()
    expect(page.get_by_role("heading", name="0002 Bo Li")).to_be_visible()
    look(page, "console-contestant-page")
    page.get_by_role("button", name="Reissue…").click()
    page.get_by_label("Reason").fill("Slip torn")
    look(page, "console-reissue")
    [slip] = keys_of(page, "Reissue keys")
    assert AccessKey.objects.valid().get(contestant__number=2).hint == slip["hint"]

    page.goto("/console/access/keybatch/")
    look(page, "console-batches")
    page.get_by_role("link", name=f"Batch {slips[0]['batch']}").click()
    look(page, "console-batch")
    page.get_by_role("link", name="Revoke the rest…").click()
    page.get_by_label("Reason").fill("Slips left over")
    look(page, "console-batch-revoke")
    page.get_by_role("button", name="Revoke keys").click()
    expect(page.get_by_text("1 key of batch")).to_be_visible()

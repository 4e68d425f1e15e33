"""An organiser's people, from a roster to a replaced slip; and what happened to an answer and an exam."""

import csv
import io
import uuid
from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth import get_user_model
from django.utils import timezone
from playwright.sync_api import expect

from apps.access.models import AccessKey, Contestant, Registration
from apps.access.services.history import act
from apps.access.services.issuing import issue_anonymous_keys
from apps.access.services.people import change_registration
from apps.access.services.revoking import OfContestants, revoke_keys
from apps.exams.enums import StaffRole
from tests import factories
from tests.journeys.conftest import DESKTOP, PHONE
from tests.journeys.stage import set_exam
from tests.journeys.test_grader import PASSWORD, sign_in, type_password_again

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
    type_password_again(page)
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
    expect(page.get_by_role("link", name="Revoke the rest…")).to_be_visible()
    look(page, "console-batch")
    page.get_by_role("link", name="Revoke the rest…").click()
    page.get_by_label("Reason").fill("Slips left over")
    look(page, "console-batch-revoke")
    page.get_by_role("button", name="Revoke keys").click()
    expect(page.get_by_text("1 key of batch")).to_be_visible()


@VIEWPORTS
def test_a_lead_grader_reads_how_an_answer_came_about(open_page, look, submission, viewport):
    answer = submission.answers.get(number=4)
    texts = [
        "Let n be odd.",
        "Let n be odd, say n = 2k + 1. Then n squared is 4k(k + 1) + 1.",
        "Let n be odd, say n = 2k + 1. Then n squared is 8m + 1, since k(k + 1) is even.",
    ]
    for number, text in enumerate(texts, start=1):
        factories.AnswerRevisionFactory(
            answer=answer, text=text, based_on=number - 1, revision=number, device=uuid.UUID(int=number // 3)
        )
    factories.AnswerRevisionFactory(answer=answer, text="Too late", state="late", revision=None)
    answer.text, answer.revision = texts[-1], len(texts)
    answer.save()
    lead = get_user_model().objects.create_user("hilbert", password=PASSWORD, is_staff=True)
    factories.ExamStaffFactory(user=lead, exam=submission.registration.exam, role=StaffRole.LEAD_GRADER)
    task = factories.GradingTaskFactory(answer=answer)
    factories.ScoreFactory(task=task, points=2, answer_revision=2, grader=lead, comment="Why is it even?")
    page = open_page(viewport=viewport)
    sign_in(page, "hilbert")
    page.goto(f"/console/grading/gradingtask/{task.pk}/history/")
    expect(page.get_by_role("heading", name="From revision 2 to revision 3")).to_be_visible()
    look(page, "console-answer-history")
    page.get_by_label("Revision 1 as the older text").check()
    page.get_by_role("button", name="Compare").click()
    expect(page.get_by_role("heading", name="From revision 1 to revision 3")).to_be_visible()
    page.get_by_role("link", name="Revision 2: what changed").click()
    expect(page.get_by_role("heading", name="From revision 1 to revision 2")).to_be_visible()


@VIEWPORTS
def test_an_organiser_reads_who_changed_what(open_page, look, exam, viewport):
    noether = get_user_model().objects.get(username="noether")
    issue_anonymous_keys(exam_id=exam.pk, count=12, actor=noether, now=timezone.now())
    registration = Registration.objects.first()
    change_registration(
        registration_id=registration.pk,
        changes={"extra_minutes": 15, "time_factor": Decimal("1.25")},
        actor=noether,
    )
    revoke_keys(
        exam_id=exam.pk,
        chosen=OfContestants([registration.contestant.number]),
        reason="Slip lost",
        actor=noether,
        now=timezone.now(),
    )
    with act("change_exam", actor=noether, reason="As agreed with the jury"):
        exam.instructions = "No calculators, no phones. Bring a ruler.\n\nGood luck to everybody!"
        exam.save()
        for block in exam.time_blocks.all():
            block.closes_at += timedelta(minutes=30)
            block.save()
    page = open_page(viewport=viewport)
    sign_in(page, "noether")
    page.goto(f"/console/exams/exam/{exam.pk}/change/")
    page.get_by_role("link", name="Who changed what").click()
    expect(page.get_by_text("extra minutes 0 → 15")).to_be_visible()
    look(page, "console-exam-history")
    page.get_by_label("What", exact=True).select_option(label="access keys")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_text("Reason: Slip lost")).to_be_visible()
    expect(page.get_by_text("extra minutes")).to_have_count(0)

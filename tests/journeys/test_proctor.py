"""A proctor watches the papers, gives a room seven minutes more, and sees what arrived late."""

import pytest
from django.contrib.auth import get_user_model
from playwright.sync_api import expect

from apps.exams.enums import StaffRole
from apps.submissions.models import TimeChange
from tests import factories
from tests.journeys.conftest import DESKTOP, PHONE
from tests.journeys.test_grader import PASSWORD, sign_in


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desk", "phone"])
def test_a_proctor_moves_a_deadline(open_page, look, submission, viewport):
    user = get_user_model().objects.create_user("galois", password=PASSWORD, is_staff=True)
    factories.ExamStaffFactory(user=user, exam=submission.registration.exam, role=StaffRole.PROCTOR)
    factories.AnswerRevisionFactory(
        answer=submission.answers.get(number=4), text="My last words", state="late", revision=None
    )
    page = open_page(viewport=viewport)
    sign_in(page, "galois")
    page.goto("/console/submissions/submission/")
    look(page, "console-papers")
    page.locator("input.action-select").check()
    page.locator("select[name=action]").select_option(label="Move the deadline…")
    page.get_by_role("button", name="Go").click()
    expect(page.get_by_text("This moves the deadline of 1 paper")).to_be_visible()
    look(page, "console-move-deadline")
    page.get_by_label("Minutes:").fill("7")
    page.get_by_label("Reason:").fill("Fire alarm in room B")
    page.get_by_role("button", name="Move the deadline").click()
    expect(page.get_by_text("moved by 7 minutes")).to_be_visible()
    assert TimeChange.objects.get().changed_by == user
    page.goto(f"/console/submissions/submission/{submission.pk}/change/")
    expect(page.get_by_text("My last words")).to_be_visible()
    look(page, "console-paper")

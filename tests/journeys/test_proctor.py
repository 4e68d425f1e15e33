"""A proctor gives a room seven minutes more and sees what arrived late; an organiser lets it count."""

from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.utils import timezone
from playwright.sync_api import expect

from apps.exams.enums import StaffRole
from apps.submissions.models import TimeChange
from apps.submissions.services.submitting import submit_paper
from tests import factories
from tests.journeys.conftest import DESKTOP, PHONE
from tests.journeys.test_grader import PASSWORD, sign_in


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desk", "phone"])
def test_a_proctor_moves_a_deadline(open_page, look, submission, viewport):
    user = get_user_model().objects.create_user("galois", password=PASSWORD, is_staff=True)
    factories.ExamStaffFactory(user=user, exam=submission.registration.exam, role=StaffRole.PROCTOR)
    factories.AnswerRevisionFactory(
        answer=submission.answers.get(number=4),
        text="My last words",
        state="late",
        revision=None,
        received_at=submission.deadline_at + timedelta(hours=1),
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


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desk", "phone"])
def test_an_organiser_lets_a_late_text_count(open_page, look, submission, viewport):
    user = get_user_model().objects.create_user("noether", password=PASSWORD, is_staff=True)
    factories.ExamStaffFactory(user=user, exam=submission.registration.exam, role=StaffRole.ORGANISER)
    answer = submission.answers.get(number=4)
    factories.AnswerRevisionFactory(answer=answer, text="My last words", state="late", revision=None)
    submit_paper(submission_id=submission.pk, now=timezone.now())
    page = open_page(viewport=viewport)
    sign_in(page, "noether")
    page.goto(f"/console/submissions/submission/{submission.pk}/change/")
    page.get_by_role("link", name="Let this text count…").click()
    look(page, "console-let-count")
    page.get_by_label("Reason:").fill("The network of the school was down")
    page.get_by_role("button", name="Let it count").click()
    expect(page.get_by_text("This text is now the answer to problem 4.")).to_be_visible()
    answer.refresh_from_db()
    assert answer.text == "My last words"

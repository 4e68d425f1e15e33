"""The next answer is there before it is asked for; and nothing is called saved that is not."""

from datetime import timedelta

from django.utils import timezone
from playwright.sync_api import expect

from apps.exams.enums import StaffRole
from apps.grading.enums import TaskStatus
from apps.grading.models import GradingTask, Referral, Score
from tests import factories
from tests.journeys.conftest import PHONE
from tests.journeys.grading_room import (
    appoint,
    set_papers,
    shown_task,
    sign_in,
    start_grading,
    wait_for_another,
)


def test_the_next_answer_comes_without_a_page_load_and_undo_takes_back(page, look):
    exam = set_papers(4)
    appoint(exam, "gauss", StaffRole.GRADER)
    start_grading(page, "gauss")
    page.evaluate("window.isTheSamePage = true")
    first = shown_task(page)
    page.keyboard.press("5")
    page.keyboard.press("Enter")
    wait_for_another(page, first)
    assert page.evaluate("window.isTheSamePage") is True
    assert page.url.endswith(f"/{shown_task(page)}/score/")
    expect(page.get_by_test_id("saved")).to_contain_text("Saved 5 points")
    assert Score.objects.get(task=first).points == 5
    page.keyboard.press("?")
    look(page, "grading-score-next")
    page.set_viewport_size(PHONE)
    look(page, "grading-score-next")
    second = shown_task(page)
    page.keyboard.press("u")
    wait_for_another(page, second)
    expect(page.get_by_text("The score is taken back.")).to_be_visible()
    assert shown_task(page) == first
    expect(page.get_by_test_id("points")).to_have_value("5")
    page.keyboard.press("1")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("saved")).to_contain_text("Saved 1 point for")
    assert list(Score.objects.filter(task=first).values_list("points", flat=True)) == [5, None, 1]


def test_without_network_nothing_is_called_saved_and_nothing_typed_is_lost(page, look, complaints):
    exam = set_papers(3)
    appoint(exam, "gauss", StaffRole.GRADER)
    start_grading(page, "gauss")
    task = shown_task(page)
    page.get_by_test_id("comment").fill("Nearly.")
    page.get_by_test_id("points").focus()
    page.context.set_offline(True)
    page.keyboard.press("6")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Not saved: there is no connection.")).to_be_visible()
    look(page, "grading-score-offline")
    expect(page.get_by_test_id("points")).to_have_value("6")
    expect(page.get_by_test_id("points")).to_be_focused()
    assert not Score.objects.exists()
    page.context.set_offline(False)
    page.keyboard.press("Enter")
    wait_for_another(page, task)
    assert Score.objects.get().comment == "Nearly."
    complaints.clear()  # the browser names the request that failed


def test_a_response_that_was_lost_is_asked_for_again_and_recorded_once(page, complaints):
    exam = set_papers(3)
    appoint(exam, "gauss", StaffRole.GRADER)
    start_grading(page, "gauss")
    task = shown_task(page)

    def lose(route):
        route.fetch()
        route.abort()

    page.route("**/score/", lose, times=1)
    page.keyboard.press("6")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Not saved: there is no connection.")).to_be_visible()
    assert Score.objects.count() == 1
    page.keyboard.press("Enter")
    wait_for_another(page, task)
    assert Score.objects.count() == 1
    complaints.clear()


def test_a_conflict_is_shown_in_place_with_both_scores(page, complaints):
    exam = set_papers(3)
    appoint(exam, "gauss", StaffRole.GRADER)
    start_grading(page, "gauss")
    factories.ScoreFactory(task_id=shown_task(page), task=None, points=2, comment="A guess.")
    page.get_by_test_id("comment").fill("Nearly.")
    page.get_by_test_id("points").fill("6")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("conflict-yours")).to_have_text("6")
    expect(page.get_by_test_id("conflict-current")).to_have_text("2")
    expect(page.get_by_test_id("comment")).to_have_value("Nearly.")
    complaints.clear()  # the browser names the 409


def test_signed_out_meanwhile_is_told_and_what_was_typed_stays(page):
    exam = set_papers(3)
    appoint(exam, "gauss", StaffRole.GRADER)
    start_grading(page, "gauss")
    page.context.clear_cookies(name="console")
    page.keyboard.press("6")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Not saved: you are signed out.")).to_be_visible()
    expect(page.get_by_test_id("points")).to_have_value("6")
    assert not Score.objects.exists()


def test_an_answer_that_was_handed_on_is_told_before_one_saves(page):
    exam = set_papers(3)
    other = appoint(exam, "noether", StaffRole.GRADER)
    appoint(exam, "gauss", StaffRole.GRADER)
    start_grading(page, "gauss")
    page.keyboard.type("4")
    GradingTask.objects.filter(pk=shown_task(page)).update(
        grader=other, claimed_until=timezone.now() + timedelta(minutes=5)
    )
    with page.expect_response("**/ahead/"):
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.get_by_text("This answer is no longer with you")).to_be_visible()
    expect(page.get_by_test_id("points")).to_have_value("4")


def test_leaving_frees_what_was_claimed_ahead(open_page):
    page = open_page(beacons=True)
    exam = set_papers(4)
    gauss = appoint(exam, "gauss", StaffRole.GRADER)
    start_grading(page, "gauss")
    assert GradingTask.objects.filter(grader=gauss, status=TaskStatus.CLAIMED).count() == 3
    page.goto("/console/")
    page.wait_for_function(  # the beacon is answered behind the page's back; the desk tells
        "async () => (await (await fetch('/console/grading/gradingtask/desk/')).text())"
        ".includes('3 waiting')",
        polling=200,
    )
    assert GradingTask.objects.filter(grader=gauss, status=TaskStatus.CLAIMED).count() == 1


def test_an_answer_goes_to_the_lead_and_back_by_keyboard(page, open_page, look):
    exam = set_papers(3)
    appoint(exam, "gauss", StaffRole.GRADER)
    appoint(exam, "euler", StaffRole.LEAD_GRADER)
    start_grading(page, "gauss")
    task = shown_task(page)
    page.keyboard.press("l")
    page.keyboard.type("Is this a proof?")
    page.keyboard.press("Enter")
    wait_for_another(page, task)
    expect(page.get_by_text("to the lead.", exact=False).first).to_be_visible()
    assert Referral.objects.get().note == "Is this a proof?"
    lead = open_page()
    sign_in(lead, "euler")
    lead.goto(f"/console/grading/gradingtask/desk/{exam.pk}/")
    look(lead, "grading-desk-lead")
    lead.get_by_role("link", name="Who holds what").click()
    look(lead, "grading-held")
    lead.set_viewport_size(PHONE)
    look(lead, "grading-held")
    lead.go_back()
    lead.get_by_role("link", name="Sent to the lead: 1").click()
    look(lead, "grading-referrals")
    lead.get_by_test_id("referral").click()
    look(lead, "grading-score-referred")
    lead.get_by_label("Or send it back to gauss").fill("It is: 3 points.")
    lead.get_by_test_id("send-back").click()
    expect(lead.get_by_text("is with gauss again")).to_be_visible()
    page.goto("/console/grading/gradingtask/desk/")
    page.get_by_test_id("claim-next").click()
    expect(page.get_by_test_id("points")).to_be_focused()

"""A contestant's day: from the slip to the result."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from playwright.sync_api import expect

from apps.access.models import AccessKey
from apps.access.services.entry import redeem_key
from apps.access.services.issuing import issue_keys_for
from apps.exams.models import TimeBlock
from apps.grading.models import GradingTask
from apps.grading.services import publishing, queueing, scoring
from apps.submissions.models import Answer, Receipt, Submission
from tests import factories
from tests.journeys.conftest import PHONE
from tests.journeys.stage import issue_keys, set_exam

MISTYPED = re.compile("Check the second group of four|One of the symbols")


def saved(page):
    expect(page.get_by_test_id("save-state")).to_have_attribute("data-state", "saved")


def grade_everything(exam):
    """Full points for the integer, none for the rest, by one grader; then publish."""
    later = datetime.now(tz=UTC)
    grader = factories.UserFactory(is_superuser=True)
    queueing.create_grading_tasks(exam_id=exam.pk, now=later)
    while task_id := queueing.claim_next_task(exam_id=exam.pk, grader=grader, now=later):
        task = GradingTask.objects.select_related("problem", "answer").get(pk=task_id)
        scoring.score_task(
            task_id=task.pk,
            grader=grader,
            points=Decimal(5 if task.problem.number == 2 else 0),
            comment=f"Remark {task.problem.number}",
            note="not for you",
            based_on=0,
            answer_revision=task.answer.revision,
            now=later,
        )
    assert not GradingTask.objects.unfinished().exists()
    publishing.publish_results(exam_id=exam.pk, actor=grader, now=later)


@pytest.mark.parametrize("viewport", [None, PHONE], ids=["desk", "phone"])
def test_a_contestant_sits_the_exam(open_page, look, viewport):
    exam = set_exam(opens_in=3600)
    key = issue_keys(exam)[0]
    page = open_page(**({"viewport": viewport} if viewport else {}))

    # A wrong key: noticed in the browser, before any request.
    page.goto("/")
    look(page, "entry")
    requests = []
    page.on("request", lambda request: requests.append(request.url))
    wrong = "B" if key.key[0] == "A" else "A"
    page.get_by_test_id("access-key").fill(wrong + key.key[1:])
    page.get_by_test_id("enter").click()
    expect(page.get_by_role("alert")).not_to_be_empty()
    assert requests == []
    look(page, "entry-mistyped")

    # The right one, typed in small letters with blanks.
    page.get_by_test_id("access-key").fill(key.key.lower().replace("-", " "))
    page.get_by_test_id("enter").click()
    expect(page.get_by_text("Your key is right.")).to_be_visible()
    look(page, "waiting")

    # The paper opens by itself.
    TimeBlock.objects.update(opens_at=datetime.now(tz=UTC) + timedelta(seconds=5))
    page.reload()
    expect(page.get_by_test_id("problem-1")).to_be_visible(timeout=20_000)
    saved(page)
    look(page, "paper")

    # All kinds.
    page.get_by_test_id("answer-1").get_by_role("radio", name="B").check()
    page.get_by_test_id("answer-2").fill("7")
    page.get_by_role("button", name="Change the sign").click()
    page.get_by_test_id("answer-3").fill("d^2/2")
    page.get_by_test_id("answer-4").fill("Let $2a+1$ and $2b+1$ be odd.")
    saved(page)
    expect(page.get_by_test_id("problem-3").locator(".katex").first).to_be_visible()
    look(page, "paper-answered")

    # The network goes; writing goes on; the page is loaded again when it is back.
    page.context.route("**/exam/save/", lambda route: route.abort())
    page.get_by_test_id("answer-4").fill("Let $2a+1$ and $2b+1$ be odd. Their sum is $2(a+b+1)$.")
    expect(page.get_by_test_id("save-state")).to_have_attribute("data-state", "offline")
    look(page, "paper-offline")
    page.context.unroute("**/exam/save/")
    page.reload()
    expect(page.get_by_test_id("answer-4")).to_have_value(re.compile("Their sum"))
    saved(page)

    # The browser is closed and opened again: it asks whose it is, and everything is there.
    [of_this_session] = [cookie for cookie in page.context.cookies() if cookie["name"].endswith("-here")]
    assert of_this_session["expires"] == -1
    page.context.clear_cookies(name=of_this_session["name"])
    page.goto("/exam/paper/")
    expect(page.get_by_role("heading", name=f"Continue as {key.number}")).to_be_visible()
    look(page, "continue")
    page.get_by_test_id("continue").click()
    page.goto("/exam/paper/")
    expect(page.get_by_test_id("answer-2")).to_have_value(re.compile("[-−]7"))
    saved(page)

    # Hand in.
    page.get_by_test_id("submit").first.click()
    expect(page.get_by_text("Every problem has an answer.")).to_be_visible()
    look(page, "hand-in")
    page.get_by_test_id("confirm-submit").click()
    expect(page.get_by_test_id("receipt-code")).to_have_text(Receipt.objects.get().code)
    look(page, "receipt")
    held = dict(Answer.objects.values_list("number", "text"))
    assert held[1] == "B"
    assert held[4].endswith("$2(a+b+1)$.")

    # Nothing before publication; then the result.
    page.goto("/exam/result/")
    expect(page.get_by_text("Remark")).to_have_count(0)
    look(page, "result-not-yet")
    grade_everything(exam)
    page.goto("/exam/result/")
    expect(page.get_by_text("Remark 2")).to_be_visible()
    assert "not for you" not in page.content()
    look(page, "result")


def test_an_unknown_key_and_a_replaced_one_are_told_the_truth(page, look):
    exam = set_exam()
    unknown, known = issue_keys(exam, 2)
    AccessKey.objects.filter(pk=unknown.id).delete()
    page.goto("/")
    page.get_by_test_id("access-key").fill(unknown.key)
    page.get_by_test_id("enter").click()
    expect(
        page.get_by_text("We do not know this key. Compare it with your slip letter by letter.")
    ).to_be_visible()
    look(page, "entry-unknown")
    now = datetime.now(tz=UTC)
    issue_keys_for(
        exam_id=exam.pk, registration_ids=[known.registration_id], replace=True, actor=None, now=now
    )
    page.get_by_test_id("access-key").fill(known.key)
    page.get_by_test_id("enter").click()
    expect(page.get_by_text("This key was replaced. Ask for the new slip.")).to_be_visible()


def test_without_a_mouse_and_without_scripts(open_page):
    """Keys only, on a page whose scripts never load."""
    exam = set_exam()
    key = issue_keys(exam)[0]
    page = open_page(java_script_enabled=False)
    page.goto("/")
    page.keyboard.press("Tab")
    page.get_by_test_id("access-key").focus()
    page.keyboard.type(key.key)
    page.keyboard.press("Enter")
    page.get_by_test_id("start").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("save-state")).to_have_text(
        re.compile("Automatic saving has not started. Press Save.")
    )
    page.get_by_test_id("answer-2").focus()
    page.keyboard.type("-7")
    page.keyboard.press("Enter")
    expect(page.get_by_text(re.compile("^All saved [0-9]"))).to_be_visible()
    assert Answer.objects.get(number=2).text == "-7"


def test_leaving_a_shared_computer(page):
    exam = set_exam()
    ana, ben = issue_keys(exam, 2)
    page.goto(f"/#{ana.key}")
    expect(page.get_by_test_id("access-key")).to_have_value(ana.key)
    page.get_by_test_id("enter").click()
    page.get_by_role("button", name=re.compile("Leave")).click()
    page.get_by_test_id("access-key").fill(ben.key)
    page.get_by_test_id("enter").click()
    page.get_by_test_id("start").click()
    expect(page.get_by_test_id("problem-1")).to_be_visible()
    assert Submission.objects.get().registration_id == ben.registration_id
    assert redeem_key(typed=ana.key, now=datetime.now(tz=UTC)).registration_ids == (ana.registration_id,)

"""What the paper's page does when things go wrong: nothing typed is lost, nothing untrue is said."""

import os
import signal
import subprocess
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from django.db.models import F
from playwright.sync_api import expect

from apps.access.models import AccessKey
from apps.submissions.enums import SubmittedBy
from apps.submissions.models import Submission
from tests.journeys.conftest import CHROMIUM, FLAGS
from tests.journeys.paper_page import CHOICE, EXPRESSION, INTEGER, PROOF, SAVE, Contestant, start_paper


@pytest.fixture
def submission(transactional_db):
    return start_paper()


@pytest.fixture
def contestant(page, live_server, submission):
    """Signed in at one browser, with a started paper."""
    return signed_in(page, live_server, submission)


@pytest.fixture
def elsewhere(open_page, live_server, submission):
    """The same contestant at another device."""
    return signed_in(open_page(), live_server, submission)


def signed_in(page, live_server, submission):
    sitting = Contestant(page, live_server.url, submission.registration)
    sitting.sign_in()
    return sitting


def test_every_kind_of_answer_is_saved_by_itself(contestant):
    paper = contestant.open_paper()
    paper.chooses("B")
    paper.writes("12", INTEGER)
    paper.page.get_by_role("button", name="Change the sign").click()
    paper.writes(r"\frac{1}{2}", EXPRESSION)
    paper.writes("Let $n$ be even.")
    paper.sees("saving")
    paper.sees("saved")
    assert [paper.answer(number) for number in (CHOICE, INTEGER, EXPRESSION, PROOF)] == [
        "B",
        "-12",
        r"\frac{1}{2}",
        "Let $n$ be even.",
    ]
    expect(paper.page.locator("#problem-3 [data-preview] .katex")).to_be_visible()
    expect(paper.page.locator("[data-mark-of='4']")).to_have_attribute("data-mark", "saved")


def test_a_choice_can_be_taken_back(contestant):
    paper = contestant.open_paper()
    paper.chooses("A")
    paper.sees("saving")
    paper.sees("saved")
    paper.chooses("")
    paper.sees("saving")
    paper.sees("saved")
    assert paper.counted(CHOICE) == ["A", ""]


def test_an_integer_keeps_what_was_typed(contestant):
    paper = contestant.open_paper()
    hint = paper.page.locator("#hint-2")
    paper.writes(" −1２ 500", INTEGER)
    expect(hint).to_have_text("A whole number")
    paper.writes("about 12", INTEGER)
    expect(hint).to_contain_text("does not read as a whole number")
    paper.holds("about 12", INTEGER)
    paper.sees("saved")
    assert paper.answer(INTEGER) == "about 12"


def test_saved_is_said_only_after_the_server_has_the_text(contestant):
    paper = contestant.open_paper()
    with contestant.held_saves() as held:
        paper.writes("on its way")
        paper.waits_for(lambda: held)
        paper.sees("saving")
        assert paper.answer() == ""
    paper.sees("saved")
    assert paper.answer() == "on its way"


def test_a_lost_network_and_a_reload_lose_nothing(contestant):
    paper = contestant.open_paper()
    paper.writes("one")
    paper.sees("saving")
    paper.sees("saved")
    with contestant.without_network():
        paper.writes("one two")
        paper.sees("offline")
        expect(paper.page.get_by_test_id("save-state")).to_contain_text("No connection. Keep writing.")
        paper.page.reload()
        paper.holds("one two")
        paper.shows("restored")
    paper.sees("saved")
    assert paper.counted() == ["one", "one two"]


def test_an_edit_whose_response_was_lost_is_repeated_as_it_was(contestant):
    paper = contestant.open_paper()
    with contestant.losing_responses():
        paper.writes("first")
        paper.sees("offline")
        paper.writes("first, second")
        paper.page.reload()
    paper.holds("first, second")
    paper.sees("saved")
    assert paper.counted() == ["first", "first, second"]


def test_a_second_tab_takes_over_what_the_first_had_not_sent(contestant):
    first = contestant.open_paper()
    with contestant.without_network():
        first.writes("from the first tab")
        first.sees("offline")
    second = contestant.open_paper()
    second.holds("from the first tab")
    first.shows("other-tab")
    assert first.is_locked()
    second.writes("from the first tab and the second")
    second.sees("saving")
    second.sees("saved")
    first.page.wait_for_timeout(1500)
    second.page.reload()
    second.holds("from the first tab and the second")
    second.sees("saved")
    assert second.answer() == "from the first tab and the second"


def test_another_device_takes_over_and_both_texts_are_shown(contestant, elsewhere):
    here = contestant.open_paper()
    here.writes("written here")
    here.sees("saving")
    here.sees("saved")
    there = elsewhere.open_paper()
    there.writes("written there")
    there.sees("saving")
    there.sees("saved")
    here.writes("written here, and more")
    here.sees("conflict")
    here.shows("taken-over", "If that was not you, tell your proctor now.")
    assert here.is_locked()
    assert here.answer() == "written there"
    assert ("written here, and more", "conflict") in here.revisions()

    here.notice("taken-over").get_by_role("button", name="Write here instead").click()
    panel = here.page.locator("#problem-4 [data-conflict]")
    expect(panel).to_contain_text("written there")
    here.holds("written here, and more")
    panel.locator("[data-keep=mine]").click()
    here.sees("saved")
    assert here.answer() == "written here, and more"


def test_of_two_versions_the_other_may_count(contestant, elsewhere):
    here = contestant.open_paper()
    there = elsewhere.open_paper()
    there.writes("theirs")
    there.sees("saving")
    there.sees("saved")
    here.writes("mine")
    here.sees("conflict")
    here.notice("taken-over").get_by_role("button", name="Write here instead").click()
    here.page.locator("#problem-4 [data-keep=theirs]").click()
    here.holds("theirs")
    here.sees("saved")
    assert here.answer() == "theirs"
    assert ("mine", "conflict") in here.revisions()


def test_a_busy_server_is_not_asked_before_the_time_it_names(contestant):
    paper = contestant.open_paper()
    asked = []

    def be_busy_once(route):
        asked.append(time.monotonic())
        if len(asked) == 1:
            route.fulfill(status=503, headers={"Retry-After": "3"})
        else:
            route.continue_()

    contestant.context.route(SAVE, be_busy_once)
    paper.writes("patience")
    paper.sees("offline")
    expect(paper.page.get_by_test_id("save-state")).to_contain_text("The server is busy. Keep writing.")
    paper.sees("saved")
    assert asked[1] - asked[0] > 2.9
    assert paper.answer() == "patience"


def test_after_all_sessions_ended_the_page_goes_on_once_the_contestant_entered_again(contestant):
    paper = contestant.open_paper()
    AccessKey.objects.filter(pk=contestant.key.pk).update(epoch=F("epoch") + 1)
    paper.writes("still here")
    paper.shows("signed-out", "nothing is lost")
    paper.sees("offline")
    contestant.sign_in()
    paper.sees("saved", seconds=15)
    expect(paper.notice("signed-out")).to_be_hidden()
    assert paper.answer() == "still here"


def test_at_the_deadline_the_last_words_are_sent_and_the_fields_closed(contestant):
    paper = contestant.open_paper()
    with contestant.held_saves() as held:
        paper.writes("last words")
        paper.waits_for(lambda: held)
        move_deadline(contestant.submission, seconds_left=1)
        answer = held[0].fetch()  # with it the page learns how little time is left
        paper.writes("last words, and more")
        held.pop().fulfill(response=answer)
        paper.shows("time-up", "Time is up. Sending your last words…")
        assert paper.is_locked()
    paper.shows("arrived")
    assert paper.counted() == ["last words", "last words, and more"]


def test_a_deadline_that_moved_opens_the_fields_again(contestant):
    paper = contestant.open_paper()
    move_deadline(contestant.submission, seconds_left=0)
    paper.hears_from_the_server()
    expect(paper.field()).not_to_be_editable()
    move_deadline(contestant.submission, seconds_left=600)
    paper.hears_from_the_server()
    expect(paper.field()).to_be_editable()
    paper.writes("more time")
    paper.sees("saving")
    paper.sees("saved")
    assert paper.answer() == "more time"


def test_words_that_come_too_late_are_kept_and_said_to_be_late(contestant):
    paper = contestant.open_paper()
    with contestant.held_saves() as held:
        paper.writes("in time")
        paper.waits_for(lambda: held)
        move_deadline(contestant.submission, seconds_left=1, grace_seconds=0)
        answer = held[0].fetch()
        paper.writes("too late")
        held.pop().fulfill(response=answer)
        paper.shows("time-up")
    paper.shows("late")
    paper.sees("closed")
    expect(paper.notice("closed").get_by_role("link", name="See your receipt")).to_be_visible()
    assert paper.revisions() == [("in time", "current"), ("too late", "late")]


def test_offline_when_time_is_up_the_page_says_to_call_the_proctor(contestant):
    paper = contestant.open_paper()
    with contestant.held_saves() as held:
        paper.writes("no way out")
        paper.waits_for(lambda: held)
        move_deadline(contestant.submission, seconds_left=1)
        answer = held[0].fetch()
        paper.writes("no way out at all")
        held.pop().fulfill(response=answer)
        paper.waits_for(lambda: held)
        held.pop().abort()
        paper.shows("time-up-offline", "Keep this page open and call your proctor.")


def test_a_paper_handed_in_elsewhere_is_closed_here_too(contestant):
    paper = contestant.open_paper()
    Submission.objects.filter(pk=contestant.submission.pk).update(
        submitted_at=datetime.now(tz=UTC), submitted_by=SubmittedBy.CONTESTANT
    )
    paper.hears_from_the_server()
    paper.sees("closed")
    assert paper.is_locked()


def test_the_way_to_hand_in_waits_for_the_last_word(contestant):
    paper = contestant.open_paper()
    with contestant.without_network():
        paper.writes("not yet sent")
        paper.page.get_by_test_id("submit").click()
        paper.shows("hand-in", "No connection.")
        assert paper.page.url.endswith("/exam/paper/")
    paper.page.wait_for_url("**/exam/submit/")
    assert paper.answer() == "not yet sent"
    expect(paper.page.get_by_role("main")).to_contain_text("Problems 1, 2 and 3 are blank.")


def test_the_journal_is_sealed_and_gone_once_the_receipt_is_seen(contestant):
    paper = contestant.open_paper()
    paper.writes("nobody else reads this")
    paper.sees("saving")
    paper.sees("saved")
    paper.page.wait_for_timeout(300)
    [record] = paper.journal()
    assert record["sealed"]
    assert not record["key"]
    assert "token" not in record
    paper.page.get_by_test_id("submit").click()
    paper.page.get_by_test_id("confirm-submit").click()
    expect(paper.page.get_by_test_id("receipt-code")).to_be_visible()
    paper.page.wait_for_timeout(500)
    assert paper.journal() == []


def test_a_shared_computer_sends_the_work_of_who_sat_there_before(contestant, page, live_server):
    paper = contestant.open_paper()
    with contestant.without_network():
        paper.writes("work of the first")
        paper.sees("offline")
        assert all("work of the first" not in str(record) for record in paper.journal())
        paper.page.close()
        contestant.context.clear_cookies()
        second = signed_in(page, live_server, start_paper())
        other = second.open_paper()
        number = contestant.registration.contestant.public_number
        sending = other.page.locator("[data-sending]")
        expect(sending).to_be_visible()
        expect(sending).to_contain_text(f"still sending work of contestant {number}")
    expect(sending).to_be_hidden(timeout=10000)
    assert paper.answer() == "work of the first"
    other.holds("")


def test_over_plain_http_the_page_works_and_says_what_is_off(contestant):
    # localhost counts as secure; what a school's network lacks is taken away here.
    contestant.context.add_init_script(
        """for (const [owner, name] of [[Crypto, "subtle"], [Crypto, "randomUUID"], [Navigator, "locks"]])
             Object.defineProperty(owner.prototype, name, { value: undefined });"""
    )
    paper = contestant.open_paper()
    paper.shows("plain", "without encryption")
    with contestant.without_network():
        paper.writes("plain words")
        paper.sees("offline")
        paper.page.reload()
        paper.holds("plain words")
    paper.sees("saved")
    assert paper.answer() == "plain words"


def test_without_a_store_the_page_saves_and_says_that_it_keeps_no_copy(contestant):
    contestant.context.add_init_script("Object.defineProperty(window, 'indexedDB', { value: undefined });")
    paper = contestant.open_paper()
    paper.shows("memory")
    paper.writes("no copy")
    paper.sees("saving")
    paper.sees("saved")
    assert paper.answer() == "no copy"


def test_a_server_restored_from_a_backup_gets_back_what_it_lost(contestant):
    paper = contestant.open_paper()
    paper.writes("version one")
    paper.sees("saving")
    paper.sees("saved")
    # What a restored server is to the browser: a text that was acknowledged and is not there.
    contestant.context.route(SAVE, lambda route: route.fulfill(json=acknowledged(route, revision=2)))
    paper.writes("version two")
    paper.sees("saving")
    paper.sees("saved")
    contestant.context.unroute(SAVE)
    assert paper.answer() == "version one"
    paper.page.reload()
    paper.holds("version two")
    paper.sees("saved")
    assert paper.answer() == "version two"


def test_characters_that_the_server_refuses_never_stop_the_saving(contestant):
    paper = contestant.open_paper()
    paper.field().evaluate(
        """(field) => { field.value = "a\\u0000b \\ud800"; field.dispatchEvent(new Event("input")); }"""
    )
    paper.sees("saving")
    paper.sees("saved")
    assert paper.answer() == "ab \ufffd"


def test_a_killed_browser_has_kept_every_word(chromium, live_server, submission, tmp_path):
    with killable_browser(chromium, tmp_path) as context:
        sitting = Contestant(context.new_page(), live_server.url, submission.registration)
        sitting.sign_in()
        paper = sitting.open_paper()
        context.route(SAVE, lambda route: route.abort())
        paper.writes("typed, never sent")
        paper.sees("offline")
    with killable_browser(chromium, tmp_path) as context:
        sitting = Contestant(context.new_page(), live_server.url, submission.registration)
        sitting.sign_in()
        paper = sitting.open_paper()
        paper.holds("typed, never sent")
        assert paper.counted() == ["typed, never sent"]


@contextmanager
def killable_browser(chromium, profile):
    """A browser of its own, with a profile on disk; it ends by SIGKILL."""
    port_file = profile / "DevToolsActivePort"
    port_file.unlink(missing_ok=True)
    process = subprocess.Popen(
        [CHROMIUM, "--headless=new", *FLAGS, "--remote-debugging-port=0", f"--user-data-dir={profile}"],
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        while not port_file.exists() or not port_file.read_text():
            assert process.poll() is None
            time.sleep(0.05)
        port = port_file.read_text().splitlines()[0]
        yield chromium.browser_type.connect_over_cdp(f"http://127.0.0.1:{port}").contexts[0]
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def test_without_scripts_the_paper_is_a_form_with_a_save_button(open_page, live_server, submission):
    page = open_page(java_script_enabled=False)
    signed_in(page, live_server, submission)
    page.goto("/exam/paper/")
    state = page.get_by_test_id("save-state")
    expect(state).to_have_attribute("data-state", "manual")
    expect(state).to_have_text("Automatic saving has not started. Press Save.")
    page.get_by_test_id("answer-4").fill("\nline one\nline two")
    page.get_by_test_id("answer-1").locator("[value=C]").check()
    page.get_by_role("button", name="Save").first.click()
    expect(page.get_by_role("main")).to_contain_text("All saved")
    assert page.get_by_test_id("answer-4").input_value() == "\nline one\nline two"
    answers = dict(submission.answers.values_list("number", "text"))
    assert answers == {1: "C", 2: "", 3: "", 4: "\nline one\nline two"}


def acknowledged(route, *, revision):
    """The answer of a server that takes every edit."""
    sent = route.request.post_data_json
    now = datetime.now(tz=UTC)
    taken = {"state": "current", "revision": revision, "head": revision, "replayed": False}
    return {
        "now": now.isoformat(),
        "deadline": (now + timedelta(hours=1)).isoformat(),
        "phase": "open",
        "notices": 0,
        "writer": True,
        "edits": [{"op": edit["op"], "number": edit["number"], **taken} for edit in sent["edits"]],
    }


def move_deadline(submission: Submission, *, seconds_left: float, grace_seconds: int = 30) -> None:
    deadline = datetime.now(tz=UTC) + timedelta(seconds=seconds_left)
    Submission.objects.filter(pk=submission.pk).update(deadline_at=deadline, grace_seconds=grace_seconds)

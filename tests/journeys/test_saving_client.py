"""What the page does when network or server fail it: nothing typed is lost, nothing untrue is said."""

import time
from datetime import UTC, datetime, timedelta

from django.db.models import F
from playwright.sync_api import expect

from apps.access.models import AccessKey
from tests.journeys.paper_page import CHOICE, EXPRESSION, INTEGER, PROOF, SAVE, signed_in


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


def test_a_refusal_that_comes_after_the_new_token_does_not_end_the_page(contestant):
    """The page asks for its new token while a save with the old one is on the way."""
    paper = contestant.open_paper()
    AccessKey.objects.filter(pk=contestant.key.pk).update(epoch=F("epoch") + 1)
    paper.writes("still here")
    paper.shows("signed-out", "nothing is lost")
    held, opened = [], []

    def hold_the_first(route):
        held.append(route.request)
        if len(held) == 1:
            time.sleep(1)
        route.continue_()

    contestant.context.route(SAVE, hold_the_first)
    paper.page.on("response", lambda got: opened.append(got) if got.url.endswith("/exam/paper/") else None)
    contestant.sign_in()
    paper.sees("saved", seconds=15)
    assert len(held) == 2
    # Each opening takes the pen from the one before: a second would take it from the page itself.
    assert [got.status for got in opened] == [200]
    assert paper.answer() == "still here"


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


def test_without_scripts_the_paper_is_a_form_with_a_save_button(open_page, live_server, submission):
    page = open_page(java_script_enabled=False)
    signed_in(page, live_server, submission.registration)
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

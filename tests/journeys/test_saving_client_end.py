"""The end of the time, and the way to hand in, as the paper's page lives them."""

from datetime import UTC, datetime, timedelta

from playwright.sync_api import expect

from apps.submissions.enums import SubmittedBy
from apps.submissions.models import Submission


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
        lose_the_network_at_the_end(contestant, paper, held)
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


def lose_the_network_at_the_end(contestant, paper, held) -> None:
    """ "no way out" is saved, and told how little time is left; "no way out at all" does not get through."""
    paper.writes("no way out")
    paper.waits_for(lambda: held)
    move_deadline(contestant.submission, seconds_left=1)
    answer = held[0].fetch()
    paper.writes("no way out at all")
    held.pop().fulfill(response=answer)
    paper.waits_for(lambda: held)
    held.pop().abort()


def move_deadline(submission: Submission, *, seconds_left: float, grace_seconds: int = 30) -> None:
    deadline = datetime.now(tz=UTC) + timedelta(seconds=seconds_left)
    Submission.objects.filter(pk=submission.pk).update(deadline_at=deadline, grace_seconds=grace_seconds)

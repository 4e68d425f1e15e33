"""Moving deadlines, and what it lets in."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.submissions.models import Answer, AnswerRevision, Submission, TimeChange
from apps.submissions.services import submitting, timing
from tests import factories

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


@pytest.fixture
def paper(now):
    submission = factories.SubmissionFactory(started_at=now - 2 * HOUR, deadline_at=now - HOUR)
    factories.AnswerFactory(submission=submission)
    return submission


def move(paper, minutes, now, reason="fire alarm"):
    return timing.move_deadline(
        submission_id=paper.pk, minutes=minutes, reason=reason, actor_id=None, now=now
    )


def late_draft(paper, text, based_on, received_at):
    return factories.AnswerRevisionFactory(
        answer=paper.answers.get(),
        text=text,
        state="late",
        based_on=based_on,
        revision=None,
        received_at=received_at,
    )


def test_move_deadline_moves_it_and_writes_the_ledger(now):
    paper = factories.SubmissionFactory()
    actor = factories.UserFactory()
    timing.move_deadline(submission_id=paper.pk, minutes=7, reason=" room B ", actor_id=actor.pk, now=now)
    entry = TimeChange.objects.get()
    assert entry.registration == paper.registration
    assert (entry.deadline_before, entry.deadline_after) == (
        paper.deadline_at,
        paper.deadline_at + timedelta(minutes=7),
    )
    assert (entry.reason, entry.changed_by) == ("room B", actor)
    assert Submission.objects.get().deadline_at == entry.deadline_after


def test_move_deadline_locks_the_paper_and_its_answers_and_nothing_else(paper, now):
    """A joined row would be locked too: the exam's, on which everybody's saving waits in the end."""
    with CaptureQueriesContext(connection) as queries:
        move(paper, 90, now)
    locking = [query["sql"] for query in queries if " FOR " in query["sql"]]
    assert len(locking) == 2
    assert not any(" JOIN " in sql for sql in locking)
    # A key lock is what rows that refer to the paper need: they need not wait for us.
    assert all("FOR NO KEY UPDATE" in sql for sql in locking)


def test_move_deadline_reopens_a_paper_that_time_had_closed(paper, now):
    submitting.close_by_time(submission_id=paper.pk, now=now)
    move(paper, 90, now)
    paper.refresh_from_db()
    assert (paper.submitted_at, paper.submitted_by, paper.reopened_at) == (None, "", now)


def test_move_deadline_into_the_past_leaves_a_closed_paper_closed(paper, now):
    submitting.close_by_time(submission_id=paper.pk, now=now)
    move(paper, 30, now)
    paper.refresh_from_db()
    assert paper.submitted_by == "time"


def test_move_deadline_promotes_late_drafts_in_order_of_arrival(paper, now):
    late_draft(paper, "second", 1, now - timedelta(minutes=40))
    late_draft(paper, "first", 0, now - timedelta(minutes=50))
    too_late = late_draft(paper, "too late", 2, now - timedelta(minutes=20))
    move(paper, 30, now)
    answer = paper.answers.get()
    assert (answer.text, answer.revision) == ("second", 2)
    assert [revision.text for revision in answer.revisions.filter(state="current").order_by("revision")] == [
        "first",
        "second",
    ]
    assert not AnswerRevision.objects.filter(promoted_from=too_late).exists()


def test_a_late_draft_on_another_text_is_promoted_as_a_conflict(paper, now):
    Answer.objects.update(text="in time", revision=1)
    late_draft(paper, "stale", 0, now - timedelta(minutes=50))
    move(paper, 90, now)
    assert paper.answers.get().text == "in time"
    assert AnswerRevision.objects.get(state="conflict").text == "stale"


def test_a_late_draft_is_promoted_once(paper, now):
    late_draft(paper, "first", 0, now - timedelta(minutes=50))
    move(paper, 90, now)
    move(paper, 10, now)
    assert AnswerRevision.objects.exclude(promoted_from=None).count() == 1


def test_move_deadline_is_refused_without_a_reason(paper, now):
    with pytest.raises(timing.NoReason):
        move(paper, 5, now, reason="  ")


@pytest.mark.parametrize("minutes", [0, 1441, -1441])
def test_move_deadline_is_refused_if_it_is_no_change(paper, now, minutes):
    with pytest.raises(timing.NotAChange):
        move(paper, minutes, now)


def test_move_deadline_is_refused_for_a_paper_the_contestant_handed_in(now):
    paper = factories.SubmissionFactory(submitted_at=now, submitted_by="contestant")
    with pytest.raises(timing.AlreadyHandedIn):
        move(paper, 5, now)


@pytest.mark.parametrize(("minutes_left", "refused"), [(10, True), (11, False)])
def test_a_deadline_never_moves_to_less_than_a_minute_from_now(now, minutes_left, refused):
    paper = factories.SubmissionFactory(deadline_at=now + timedelta(minutes=minutes_left))
    if refused:
        with pytest.raises(timing.TooSoon):
            move(paper, -10, now)
    else:
        move(paper, -10, now)
    assert TimeChange.objects.exists() != refused

"""An organiser lets a text count that was kept apart."""

import threading
from datetime import timedelta

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from apps.submissions.models import Acceptance, Answer, Submission
from apps.submissions.services import accepting, submitting, timing
from tests import factories
from tests.support.racing import PATIENCE_SECONDS, race

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


@pytest.fixture
def answer(now):
    """Problem 1 of a paper that time has closed; "before" counts."""
    paper = factories.SubmissionFactory(started_at=now - 2 * HOUR, deadline_at=now - HOUR)
    answer = factories.AnswerFactory(submission=paper, text="before", revision=1)
    factories.AnswerRevisionFactory(answer=answer, text="before")
    return answer


def kept_text(answer, state="late"):
    return factories.AnswerRevisionFactory(
        answer=answer, text="after", state=state, based_on=0, revision=None
    )


def accept(kept, now, **changes):
    wanted = {"reason": "the network of the school was down", "actor": factories.UserFactory()} | changes
    return accepting.accept_revision(revision_id=kept.pk, now=now, **wanted)


@pytest.mark.parametrize("state", ["late", "conflict"])
def test_what_was_kept_apart_becomes_the_answer_and_nothing_is_lost(answer, now, state):
    kept = kept_text(answer, state)
    actor = factories.UserFactory()
    accept(kept, now, reason=" the fire alarm ", actor=actor)
    answer.refresh_from_db()
    assert (answer.text, answer.revision) == ("after", 2)
    assert list(answer.revisions.values_list("text", "state", "revision")) == [
        ("before", "current", 1),
        ("after", state, None),
        ("after", "current", 2),
    ]
    acceptance = Acceptance.objects.get()
    assert (acceptance.promoted.promoted_from, acceptance.accepted_by) == (kept, actor)
    assert (acceptance.reason, acceptance.accepted_at) == ("the fire alarm", now)


def test_a_reason_is_asked_for(answer, now):
    with pytest.raises(accepting.ReasonForAcceptance):
        accept(kept_text(answer), now, reason="  ")


def test_nothing_is_accepted_while_the_contestant_can_write(answer, now):
    kept = kept_text(answer, "conflict")
    Submission.objects.update(deadline_at=now - timedelta(seconds=20))  # within the grace
    with pytest.raises(accepting.PaperStillOpen):
        accept(kept, now)
    submitting.submit_paper(submission_id=answer.submission_id, now=now)
    accept(kept, now)


def test_what_counts_or_was_let_in_is_not_accepted_again(answer, now):
    kept = kept_text(answer)
    accept(kept, now)
    for again in (kept, answer.revisions.get(revision=1), answer.revisions.get(revision=2)):
        with pytest.raises(accepting.NotKeptApart):
            accept(again, now)


def test_a_moved_deadline_does_not_let_the_same_text_in_twice(answer, now):
    accept(kept_text(answer), now)
    timing.move_deadline(submission_id=answer.submission_id, minutes=120, reason="x", actor_id=None, now=now)
    assert answer.revisions.count() == 3


def test_an_acceptance_is_never_changed(answer, now):
    acceptance = accept(kept_text(answer), now)
    for attempt in (acceptance.delete, acceptance.save):
        with pytest.raises(DatabaseError, match="Cannot update or delete rows"), transaction.atomic():
            attempt()
    assert Acceptance.objects.count() == 1


# -- Two organisers at once -------------------------------------------------------------------------


def accept_both(answer, now):
    """Two organisers let two different texts of one answer count at the same moment."""
    texts = [kept_text(answer), kept_text(answer, "conflict")]
    return race(*(lambda kept=kept: accept(kept, now) for kept in texts))


@pytest.mark.django_db(transaction=True)
def test_two_acceptances_at_once_follow_each_other(answer, now):
    for racer in accept_both(answer, now):
        racer.result()
    answer.refresh_from_db()
    assert answer.revision == 3


@pytest.mark.django_db(transaction=True)
def test_control_without_the_locks_one_of_them_fails(answer, now, monkeypatch):
    monkeypatch.setattr(type(Submission.objects.all()), "select_for_update", lambda rows, **_: rows)
    together = threading.Barrier(2)
    monkeypatch.setattr(
        type(Answer.objects.all()), "select_for_update", lambda rows, **_: Unlocked(rows, together)
    )
    errors = [racer.error for racer in accept_both(answer, now)]
    assert [type(error) for error in errors if error] == [IntegrityError]


class Unlocked:
    """Reads without a lock, and goes on when the other one has read the same."""

    def __init__(self, rows, together):
        self.rows, self.together = rows, together

    def get(self, **wanted):
        found = self.rows.get(**wanted)
        self.together.wait(PATIENCE_SECONDS)
        return found

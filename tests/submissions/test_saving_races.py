"""The five faults seen in earlier save statements: each a test, and its control.

A control runs the same test with the guard taken out of the statement, and sees the fault: that is how we
know that the test could fail.
"""

import threading
from datetime import datetime, timedelta
from types import SimpleNamespace

import pytest
from django.db import IntegrityError, connections

from apps.core.together import Together
from apps.submissions.models import Answer, AnswerRevision, Submission
from apps.submissions.services import saving, writing
from tests import factories
from tests.submissions.conftest import edit, open_paper, pass_of, save
from tests.support.racing import Racer, locked, race, wait_for_waiters

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "saves"])


@pytest.fixture(autouse=True)
def _in_processes_of_their_own(monkeypatch):
    """Two saves of a paper in one process come one after the other; the races are between processes."""
    company = SimpleNamespace(do=lambda call: Together(writing.write_together, fits=writing.fits).do(call))
    monkeypatch.setattr(writing, "COMPANY", company)


def without(monkeypatch, *guards):
    """Change the statement, for this test only; every change must really be one."""
    statement = writing.SAVE
    for guard, instead in guards:
        assert guard in statement
        statement = statement.replace(guard, instead)
    monkeypatch.setattr(writing, "SAVE", statement)


SLOWLY = ("select g.paper from gate g", "select g.paper, pg_sleep(0.2) from gate g")
UNLOCKED = [("for no key update of s skip locked\n", ""), ("for no key update of a\n", "")]


# -- 1. Two edits of the same revision at once: exactly one becomes current ------------------------


def save_two_at_once(paper):
    racers = race(*(lambda text=text: save(pass_of(paper), edit(text=text)) for text in ("one", "two")))
    return [racer.error or racer.value.edits[0].state for racer in racers]


def test_of_two_edits_at_once_one_is_current_and_one_a_conflict(paper, monkeypatch):
    without(monkeypatch, SLOWLY)
    states = save_two_at_once(paper)
    assert sorted(states) == ["conflict", "current"]
    answer = Answer.objects.get(submission=paper, number=1)
    assert answer.revision == 1
    assert AnswerRevision.objects.get(answer=answer, revision=1).text == answer.text


def test_control_without_row_locks_both_want_to_win(paper, monkeypatch):
    without(monkeypatch, SLOWLY, *UNLOCKED)
    states = save_two_at_once(paper)
    # Only the unique number of a revision stands then between the contestant and a lost text.
    assert "conflict" not in states
    assert any(isinstance(state, IntegrityError) for state in states)


# -- 2. Only a revision that was really inserted moves the answer ----------------------------------

OF_THE_EDITS = (
    "from (select h.id as answer_id, e.text, h.revision + 1 as revision"
    " from gate g join edit e using (paper) join head h using (paper, number)"
    " where g.open and h.revision = e.based_on) k"
)
MOVED_BY_THE_EDIT = [
    ("from kept k where k.answer_id = a.id", f"{OF_THE_EDITS} where k.answer_id = a.id"),
    ("from kept k where k.state = 'current'", OF_THE_EDITS),
]


def replay_a_late_edit_after_an_extension(real_now):
    paper = open_paper(
        real_now, started_at=real_now - timedelta(hours=2), deadline_at=real_now - timedelta(hours=1)
    )
    late = edit(text="late")
    assert save(pass_of(paper), late).edits[0].state == "late"
    Submission.objects.update(deadline_at=real_now + timedelta(hours=1))
    assert save(pass_of(paper), late).edits[0].state == "late"
    answer = Answer.objects.get(submission=paper, number=1)
    return answer.text, AnswerRevision.objects.filter(answer=answer, revision=answer.revision).exists()


def test_a_late_edit_replayed_after_an_extension_moves_nothing(real_now):
    assert replay_a_late_edit_after_an_extension(real_now) == ("", False)


def test_control_moving_by_the_edit_leaves_an_answer_without_its_revision(real_now, monkeypatch):
    without(monkeypatch, *MOVED_BY_THE_EDIT)
    assert replay_a_late_edit_after_an_extension(real_now) == ("late", False)


# -- 3. The key hangs on the contestant: after a reissue the same paper is saved -------------------

KEY_OF_THE_START = (
    "k.contestant_id = r.contestant_id",
    "k.id = (select min(id) from access_accesskey where contestant_id = r.contestant_id)",
)


def save_after_a_reissue(paper, real_now):
    contestant = paper.registration.contestant
    contestant.keys.update(revoked_at=real_now, revoked_reason="slip lost")
    reissued = factories.AccessKeyFactory(contestant=contestant)
    return save(saving.SavePass(paper.pk, reissued.pk, reissued.epoch, 1), edit()).edits[0].state


def test_a_reissued_key_saves_on_the_same_paper(paper, real_now):
    assert save_after_a_reissue(paper, real_now) == "current"


def test_control_a_key_joined_to_the_paper_saves_nothing_after_a_reissue(paper, real_now, monkeypatch):
    without(monkeypatch, KEY_OF_THE_START)
    with pytest.raises(saving.SignedOut):
        save_after_a_reissue(paper, real_now)


# -- 4. An unknown problem number is refused with its whole batch ----------------------------------


WHOLE = (" where not exists (select from fault f where f.paper = g.paper)", "")


def test_control_without_the_check_of_numbers_half_a_batch_is_kept(paper, save_pass, monkeypatch):
    """The test with the guard on is `test_an_unknown_number_refuses_the_whole_batch`."""
    without(monkeypatch, WHOLE)
    with pytest.raises(saving.InvalidBatch):
        save(save_pass, edit(number=1), edit(number=9))
    assert AnswerRevision.objects.count() == 1


# -- 5. The arrival decides, not the end of the wait for a lock ------------------------------------

CLOCK = ("statement_timestamp()", "clock_timestamp()")


def save_while_the_deadline_passes_in_the_queue(real_now):
    """Send an edit before the deadline, hold the paper until it has passed, and let the edit go on."""
    paper = open_paper(real_now, deadline_at=real_now + timedelta(minutes=5), grace_seconds=0)
    sender = Racer(lambda: save(pass_of(paper), edit()))
    with locked(Submission.objects.filter(pk=paper.pk)):
        with connections["default"].cursor() as cursor:
            cursor.execute(
                "UPDATE submissions_submission SET deadline_at = clock_timestamp() + interval '0.5 s'"
                " WHERE id = %s RETURNING deadline_at",
                [paper.pk],
            )
            deadline = cursor.fetchone()[0]
        sender.start()
        wait_for_waiters(1)
        assert datetime.now(tz=deadline.tzinfo) < deadline, "the edit was not sent in time"
        threading.Event().wait((deadline - datetime.now(tz=deadline.tzinfo)).total_seconds() + 0.1)
    return sender.result().edits[0].state


def test_an_edit_that_arrived_in_time_is_current_however_long_it_waited(real_now):
    assert save_while_the_deadline_passes_in_the_queue(real_now) == "current"


def test_control_the_clock_after_the_wait_refuses_an_edit_that_was_in_time(real_now, monkeypatch):
    without(monkeypatch, CLOCK)
    assert save_while_the_deadline_passes_in_the_queue(real_now) == "late"


# -- The same op in two sessions at once -----------------------------------------------------------


def test_the_same_op_at_once_is_kept_once_and_both_are_told(paper):
    same = edit(text="once")
    senders = [Racer(lambda: save(pass_of(paper), same)) for _ in range(2)]
    with locked(Submission.objects.filter(pk=paper.pk)):
        for sender in senders:
            sender.start()
        wait_for_waiters(2)
    told = [sender.result().edits[0] for sender in senders]
    assert [(e.state, e.revision, e.head) for e in told] == [("current", 1, 1)] * 2
    assert sorted(e.replayed for e in told) == [False, True]
    assert AnswerRevision.objects.filter(submission=paper).count() == 1


def test_a_paper_handed_in_during_the_wait_takes_no_more(paper, real_now):
    sender = Racer(lambda: save(pass_of(paper), edit()))
    with locked(Submission.objects.filter(pk=paper.pk)):
        sender.start()
        wait_for_waiters(1)
        Submission.objects.filter(pk=paper.pk).update(submitted_at=real_now, submitted_by="contestant")
    assert sender.result().edits[0].state == "late"
    assert Answer.objects.get(submission=paper, number=1).text == ""


def test_a_lock_that_is_not_to_be_had_is_busy_and_keeps_nothing(paper, save_pass):
    with connections["saves"].cursor() as cursor:
        cursor.execute("SET lock_timeout = '100ms'")
    try:
        with locked(Submission.objects.filter(pk=paper.pk)), pytest.raises(saving.DatabaseBusy):
            save(save_pass, edit())
    finally:
        connections["saves"].close()
    assert not AnswerRevision.objects.exists()

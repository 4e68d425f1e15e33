"""An answer is sent to the lead, who scores it or sends it back with a word."""

from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from apps.grading.enums import TaskStatus
from apps.grading.models import GradingTask, Referral
from apps.grading.services import queueing, referring, scoring
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def task(hand_in, queue, problems, grader, now):
    hand_in("42", "1")
    queue()
    held = GradingTask.objects.get(problem=problems[0])
    queueing.claim_task(task_id=held.pk, grader=grader, now=now)
    return held


@pytest.fixture
def refer(task, grader, now):
    def refer(**changes):
        wanted = {"task_id": task.pk, "grader": grader, "note": "Is line 3 a proof?", "now": now}
        return referring.refer_task(**{**wanted, **changes})

    return refer


@pytest.fixture
def score(task, now):
    def score(who, **changes):
        wanted = {
            "task_id": task.pk,
            "grader": who,
            "points": Decimal(3),
            "based_on": 0,
            "answer_revision": 1,
            "now": now,
        }
        return scoring.score_task(**{**wanted, **changes})

    return score


def test_refer_task_takes_the_answer_out_of_the_queue(task, refer, grader, staff, exam, problems, now):
    refer(note=" Is line 3 a proof? ")
    task.refresh_from_db()
    assert (task.status, task.grader, task.claimed_at, task.claimed_until) == (
        TaskStatus.REFERRED,
        None,
        None,
        None,
    )
    assert Referral.objects.get().note == "Is line 3 a proof?"
    for who in (grader, staff()):
        one = queueing.claim_next_task(exam_id=exam.pk, grader=who, problem_id=problems[0].pk, now=now)
        assert one is None
        with pytest.raises(queueing.TaskTaken):
            queueing.claim_task(task_id=task.pk, grader=who, now=now)


def test_refer_task_is_refused_for_what_one_does_not_hold(refer, staff):
    with pytest.raises(queueing.TaskTaken):
        refer(grader=staff())


def test_refer_task_is_refused_without_a_note(task, refer):
    with pytest.raises(referring.NoteMissing):
        refer(note=" \n")
    task.refresh_from_db()
    assert task.status == TaskStatus.CLAIMED


def test_a_referred_answer_cannot_be_sent_once_more(refer):
    refer()
    with pytest.raises(queueing.TaskTaken):
        refer()


def test_only_one_referral_of_a_task_waits(task, grader):
    Referral.objects.create(task=task, grader=grader, note="a", referred_at=factories.NOW)
    with pytest.raises(IntegrityError, match="one_waits_per_task"), transaction.atomic():
        Referral.objects.create(task=task, grader=grader, note="b", referred_at=factories.NOW)


def test_send_back_gives_the_answer_to_who_sent_it_and_they_get_it_next(
    task, refer, grader, lead, exam, hand_in, queue, now
):
    for _ in range(5):
        hand_in("42", "1")
    queue()
    refer()
    made = referring.send_back(task_id=task.pk, lead=lead, reply=" It is. ", now=now)
    assert (made.reply, made.resolved_by, made.resolved_at) == ("It is.", lead, now)
    task.refresh_from_db()
    assert (task.status, task.grader) == (TaskStatus.CLAIMED, grader)
    assert task.claimed_until == now + referring.HANDED_LEASE
    assert queueing.claim_next_task(exam_id=exam.pk, grader=grader, now=now) == task.pk
    task.refresh_from_db()
    assert task.claimed_until == now + referring.HANDED_LEASE  # not shortened by opening it


def test_send_back_is_refused_for_what_is_not_with_the_lead(task, lead, now):
    with pytest.raises(referring.NotReferred):
        referring.send_back(task_id=task.pk, lead=lead, reply="It is.", now=now)


def test_send_back_is_refused_without_a_word(task, refer, lead, now):
    refer()
    with pytest.raises(referring.ReplyMissing):
        referring.send_back(task_id=task.pk, lead=lead, reply=" ", now=now)


def test_a_lead_scores_what_was_sent_to_them_and_it_is_their_reading(task, refer, score, lead, now):
    refer()
    assert score(lead, may_correct=True).points == 3
    task.refresh_from_db()
    assert (task.status, task.grader) == (TaskStatus.SCORED, lead)
    assert (Referral.objects.get().resolved_by, Referral.objects.get().reply) == (lead, "")


def test_a_grader_does_not_score_what_is_with_the_lead(refer, score, grader):
    refer()
    with pytest.raises(scoring.NotClaimed):
        score(grader)


def test_a_lead_does_not_score_a_second_reading_of_what_they_read_themselves(task, refer, score, lead):
    refer()
    factories.GradingTaskFactory(answer=task.answer, reading=2, status=TaskStatus.SCORED, grader=lead)
    with pytest.raises(scoring.NotClaimed):
        score(lead, may_correct=True)


def test_the_same_score_sent_twice_is_recorded_once(task, score, grader):
    first = score(grader, comment="Good. ")
    assert score(grader, comment="Good.").pk == first.pk
    assert task.scores.count() == 1


@pytest.mark.parametrize("changes", [{"points": Decimal(4)}, {"comment": "x"}, {"note": "x"}])
def test_another_score_on_the_same_version_is_a_conflict(score, grader, changes):
    score(grader)
    with pytest.raises(scoring.ScoreConflict):
        score(grader, **changes)

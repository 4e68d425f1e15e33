"""The next answers are claimed for a short while before the grader asks."""

from datetime import timedelta

import pytest

from apps.grading.enums import TaskStatus
from apps.grading.models import GradingTask
from apps.grading.services import claiming_ahead, queueing
from apps.submissions.models import Submission

pytestmark = pytest.mark.django_db


@pytest.fixture
def tasks(hand_in, queue, problems):
    for _ in range(5):
        hand_in("42", "1")
    queue()
    return list(GradingTask.objects.filter(problem=problems[0]).order_by("pk"))


@pytest.fixture
def shown(tasks, grader, now, problems, exam):
    return queueing.claim_next_task(exam_id=exam.pk, problem_id=problems[0].pk, grader=grader, now=now)


@pytest.fixture
def claim_ahead(exam, problems, grader, shown, now):
    def claim_ahead(moment=now, **changes):
        wanted = {
            "exam_id": exam.pk,
            "problem_id": problems[0].pk,
            "grader": grader,
            "shown": shown,
            "now": moment,
        }
        return claiming_ahead.claim_ahead(**{**wanted, **changes})

    return claim_ahead


def test_two_more_answers_are_claimed_for_three_minutes(claim_ahead, grader, shown, now):
    claimed = claim_ahead()
    assert claimed.shown_until == now + queueing.LEASE
    assert len(claimed.task_ids) == 2
    assert shown not in claimed.task_ids
    for task in GradingTask.objects.filter(pk__in=claimed.task_ids):
        assert (task.status, task.grader, task.claimed_until) == (
            TaskStatus.CLAIMED,
            grader,
            now + timedelta(minutes=3),
        )


def test_asking_again_keeps_the_same_two_and_what_is_shown(claim_ahead, now):
    first = claim_ahead()
    later = claim_ahead(now + timedelta(minutes=2))
    assert later.task_ids == first.task_ids
    assert later.shown_until == now + timedelta(minutes=2) + queueing.LEASE
    ends = GradingTask.objects.filter(pk__in=first.task_ids).values_list("claimed_until", flat=True)
    assert set(ends) == {now + timedelta(minutes=5)}


def test_they_come_in_the_order_in_which_the_queue_gives_them(claim_ahead, grader, shown, exam, now):
    order = claim_ahead().task_ids
    GradingTask.objects.filter(pk=shown).update(status=TaskStatus.SCORED, claimed_until=None)
    assert queueing.claim_next_task(exam_id=exam.pk, grader=grader, now=now) == order[0]


def test_they_are_free_again_by_themselves(claim_ahead, staff, problems, exam, now):
    promised = set(claim_ahead().task_ids)
    later = now + timedelta(minutes=3, seconds=1)
    others = [staff() for _ in range(4)]
    got = [
        queueing.claim_next_task(exam_id=exam.pk, problem_id=problems[0].pk, grader=other, now=later)
        for other in others
    ]
    assert promised < set(got)


def test_nobody_else_is_given_them_meanwhile(claim_ahead, staff, problems, exam, now):
    promised = set(claim_ahead().task_ids)
    others = [staff() for _ in range(3)]
    got = {
        queueing.claim_next_task(exam_id=exam.pk, problem_id=problems[0].pk, grader=other, now=now)
        for other in others
    }
    assert not promised & got
    assert None in got


def test_the_last_answers_are_claimed_ahead_as_far_as_they_go(claim_ahead, shown, tasks, staff):
    left = [task.pk for task in tasks if task.pk != shown][:1]
    done = GradingTask.objects.exclude(pk__in=[shown, *left])
    done.update(status=TaskStatus.SCORED, grader=staff())
    assert claim_ahead().task_ids == left


def test_a_claim_that_ended_is_taken_up_again_if_nobody_took_over(claim_ahead, now):
    later = now + timedelta(hours=1)
    assert claim_ahead(later).shown_until == later + queueing.LEASE


@pytest.mark.parametrize("status", [TaskStatus.CLAIMED, TaskStatus.OPEN])
def test_what_is_shown_and_no_longer_theirs_is_told_and_not_taken(claim_ahead, shown, staff, status, now):
    other = staff()
    GradingTask.objects.filter(pk=shown).update(
        status=status,
        grader=other if status == TaskStatus.CLAIMED else None,
        claimed_until=now if status == TaskStatus.CLAIMED else None,
    )
    assert claim_ahead().shown_until is None
    assert GradingTask.objects.get(pk=shown).status == status


def test_an_answer_of_a_reopened_paper_is_not_claimed_ahead(claim_ahead, tasks, shown, now):
    Submission.objects.exclude(answers=GradingTask.objects.get(pk=shown).answer_id).update(
        submitted_at=None, submitted_by="", deadline_at=now + timedelta(minutes=5)
    )
    assert claim_ahead().task_ids == []


def test_release_ahead_frees_what_was_never_looked_at_and_only_that(
    claim_ahead, exam, grader, staff, shown, now
):
    tasks = claim_ahead().task_ids

    def release(who):
        return claiming_ahead.release_ahead(exam_id=exam.pk, task_ids=[*tasks, shown], grader=who, now=now)

    assert release(staff()) == 0
    assert release(grader) == 2
    assert GradingTask.objects.get(pk=shown).status == TaskStatus.CLAIMED
    assert not GradingTask.objects.filter(pk__in=tasks).exclude(status=TaskStatus.OPEN).exists()


def test_what_one_held_until_it_lapsed_is_taken_up_once(claim_ahead, tasks, shown, now):
    """It is theirs and it waits, both at once; nothing else is left."""
    first = claim_ahead().task_ids[0]
    GradingTask.objects.exclude(pk__in=[shown, first]).delete()
    assert claim_ahead(now + timedelta(hours=1)).task_ids == [first]


def test_claims_cost_one_statement(exam, grader, shown, now, django_assert_num_queries):
    with django_assert_num_queries(1):
        assert queueing.claim_next_task(exam_id=exam.pk, grader=grader, now=now) == shown
    with django_assert_num_queries(1):
        claiming_ahead.claim_ahead(exam_id=exam.pk, grader=grader, shown=shown, now=now)

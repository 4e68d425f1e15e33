"""Which answers wait for a grader, and who gets which."""

from datetime import timedelta

import pytest

from apps.grading.enums import TaskStatus
from apps.grading.models import GradingTask, Surrender
from apps.grading.services import queueing
from apps.submissions.models import Answer, Submission
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def claim(exam, now):
    def claim(grader, moment=now, **options):
        return queueing.claim_next_task(exam_id=exam.pk, grader=grader, now=moment, **options)

    return claim


def statuses():
    return sorted(GradingTask.objects.values_list("status", flat=True))


def test_create_grading_tasks_queues_every_answer_of_a_closed_paper_blank_ones_too(hand_in, queue):
    hand_in("42", "")
    assert queue() == 2
    assert statuses() == ["open", "open"]


def test_create_grading_tasks_is_incremental(hand_in, queue):
    hand_in("42", "1")
    assert queue() == 2
    assert queue() == 0
    hand_in("42", "1")
    assert queue() == 2


def test_create_grading_tasks_leaves_open_papers_alone(hand_in, queue):
    hand_in("42", "1", submitted=False)
    assert queue() == 0


@pytest.mark.parametrize(("seconds_after_grace", "queued"), [(-1, 0), (0, 0), (1, 2)])
def test_create_grading_tasks_waits_for_deadline_and_grace(hand_in, exam, seconds_after_grace, queued):
    """Closed is derived from time: nobody has to record it first."""
    paper = hand_in("42", "1", submitted=False)
    moment = paper.deadline_at + timedelta(seconds=paper.grace_seconds + seconds_after_grace)
    assert queueing.create_grading_tasks(exam_id=exam.pk, now=moment) == queued


def test_create_grading_tasks_leaves_testers_out(hand_in, queue):
    hand_in("42", "1", tester=True)
    assert queue() == 0


def test_create_grading_tasks_leaves_problems_out_that_do_not_count(hand_in, problems, queue):
    problems[0].not_counted, problems[0].not_counted_reason = True, "Two answers are right."
    problems[0].save()
    hand_in("42", "1")
    assert queue() == 1


def test_create_grading_tasks_leaves_other_exams_alone(hand_in, queue):
    factories.AnswerFactory(submission__submitted_at=factories.NOW, submission__submitted_by="time")
    hand_in("42", "1")
    assert queue() == 2


def test_create_grading_tasks_calls_a_task_stale_when_its_answer_changed_after_scoring(
    hand_in, queue, grader
):
    hand_in("42", "1")
    queue()
    for task in GradingTask.objects.all():
        factories.ScoreFactory(task=task, points=1, answer_revision=1, grader=grader)
    GradingTask.objects.update(status=TaskStatus.SCORED, grader=grader)
    assert queue() == 0
    Answer.objects.filter(number=2).update(text="2", revision=2)
    assert queue() == 1
    assert GradingTask.objects.get(answer__number=2).status == TaskStatus.STALE
    assert GradingTask.objects.get(answer__number=1).status == TaskStatus.SCORED


def test_claim_next_task_returns_what_the_grader_holds_first(hand_in, queue, claim, grader):
    for _ in range(5):
        hand_in("42", "1")
    queue()
    first = claim(grader)
    assert claim(grader) == first


def test_claim_next_task_renews_the_lease(hand_in, queue, claim, grader, now):
    hand_in("42", "1")
    queue()
    task = claim(grader)
    claim(grader, now + timedelta(minutes=14))
    assert GradingTask.objects.get(pk=task).claimed_until == now + timedelta(minutes=29)


def test_claim_next_task_gives_different_answers_to_different_graders(hand_in, queue, claim, staff):
    hand_in("42", "1")
    queue()
    assert {claim(staff()), claim(staff())} == set(GradingTask.objects.values_list("pk", flat=True))
    assert claim(staff()) is None


def test_claim_next_task_keeps_to_the_problem_asked_for(hand_in, queue, claim, staff, problems):
    hand_in("42", "1")
    queue()
    task = claim(staff(), problem_id=problems[1].pk)
    assert GradingTask.objects.get(pk=task).problem == problems[1]
    assert claim(staff(), problem_id=problems[1].pk) is None


@pytest.mark.parametrize(("seconds_after_lease", "free"), [(0, False), (1, True)])
def test_claim_next_task_frees_an_abandoned_claim(
    hand_in, queue, claim, staff, problems, now, seconds_after_lease, free
):
    hand_in("42", "1")
    queue()
    task = claim(staff(), problem_id=problems[0].pk)
    later = now + queueing.LEASE + timedelta(seconds=seconds_after_lease)
    assert (claim(staff(), later, problem_id=problems[0].pk) == task) is free


def test_claim_next_task_never_gives_an_answer_twice_to_one_grader(hand_in, queue, claim, grader, problems):
    hand_in("42", "1")
    queue()
    first = GradingTask.objects.get(pk=claim(grader, problem_id=problems[0].pk))
    GradingTask.objects.filter(pk=first.pk).update(status=TaskStatus.SCORED, claimed_until=None)
    factories.GradingTaskFactory(answer=first.answer, reading=2)
    assert claim(grader, problem_id=problems[0].pk) is None


def test_claim_next_task_skips_a_paper_that_was_reopened(hand_in, queue, claim, grader, now):
    paper = hand_in("42", "1")
    queue()
    Submission.objects.filter(pk=paper.pk).update(
        submitted_at=None, submitted_by="", deadline_at=now + timedelta(minutes=5)
    )
    assert claim(grader) is None


def test_claim_next_task_shuffles_per_grader_and_always_alike(hand_in, queue, staff, problems):
    for _ in range(20):
        hand_in("42", "1")
    queue()
    one, other = staff(), staff()
    tasks = GradingTask.objects.filter(problem=problems[0])

    def order(grader):
        return list(tasks.shuffled_for(grader.pk).values_list("pk", flat=True))

    assert order(one) == order(one)
    assert order(one) != order(other)
    assert order(one) != sorted(order(one))


def test_surrender_task_leaves_the_answer_to_others(hand_in, queue, claim, staff, problems, now):
    hand_in("42", "1")
    queue()
    grader, other = staff(), staff()
    task = claim(grader, problem_id=problems[0].pk)
    queueing.surrender_task(task_id=task, grader=grader, now=now)
    assert claim(grader, problem_id=problems[0].pk) is None
    assert claim(other, problem_id=problems[0].pk) == task


def test_surrendered_answers_come_round_again_when_asked_for(hand_in, queue, claim, grader, problems, now):
    hand_in("42", "1")
    queue()
    task = claim(grader, problem_id=problems[0].pk)
    for _ in range(2):
        queueing.surrender_task(task_id=task, grader=grader, now=now)
        assert claim(grader, given_back=True) == task
    assert Surrender.objects.count() == 1


def test_surrender_task_is_refused_for_what_one_does_not_hold(hand_in, queue, claim, staff, now):
    hand_in("42", "1")
    queue()
    task = claim(staff())
    with pytest.raises(queueing.TaskTaken):
        queueing.surrender_task(task_id=task, grader=staff(), now=now)


def test_surrender_task_keeps_in_mind_that_an_answer_was_scored_before(hand_in, queue, claim, grader, now):
    hand_in("42", "1")
    queue()
    task = claim(grader)
    factories.ScoreFactory(task_id=task, task=None, points=1)
    queueing.surrender_task(task_id=task, grader=grader, now=now)
    assert GradingTask.objects.get(pk=task).status == TaskStatus.STALE


def test_claim_task_takes_a_free_answer_by_name(hand_in, queue, grader, now):
    hand_in("42", "1")
    queue()
    task = GradingTask.objects.first()
    queueing.claim_task(task_id=task.pk, grader=grader, now=now)
    queueing.claim_task(task_id=task.pk, grader=grader, now=now + timedelta(minutes=20))
    task.refresh_from_db()
    assert task.claimed_until == now + timedelta(minutes=35)


def test_claim_task_is_refused_while_somebody_holds_the_answer(hand_in, queue, staff, now):
    hand_in("42", "1")
    queue()
    task = GradingTask.objects.first()
    queueing.claim_task(task_id=task.pk, grader=staff(), now=now)
    with pytest.raises(queueing.TaskTaken):
        queueing.claim_task(task_id=task.pk, grader=staff(), now=now + queueing.LEASE)


def test_claim_task_is_refused_while_the_paper_is_open(hand_in, queue, grader, now):
    paper = hand_in("42", "1")
    queue()
    Submission.objects.filter(pk=paper.pk).update(
        submitted_at=None, submitted_by="", deadline_at=now + timedelta(minutes=5)
    )
    with pytest.raises(queueing.PaperOpen):
        queueing.claim_task(task_id=GradingTask.objects.first().pk, grader=grader, now=now)

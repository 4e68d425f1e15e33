"""A lead hands answers to a grader, or frees what somebody holds."""

from datetime import timedelta

import pytest
from django.db import ProgrammingError, transaction

from apps.exams.enums import StaffRole
from apps.grading.enums import TaskStatus
from apps.grading.models import Assignment, GradingTask
from apps.grading.services import assigning, queueing, referring
from apps.submissions.models import Submission
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def tasks(hand_in, queue, problems):
    for _ in range(3):
        hand_in("42", "1")
    queue()
    return list(GradingTask.objects.filter(problem=problems[0]).order_by("pk"))


@pytest.fixture
def assign(exam, lead, now):
    def assign(*tasks, to, **changes):
        wanted = {
            "exam_id": exam.pk,
            "task_ids": [task.pk for task in tasks],
            "grader_id": to.pk,
            "lead": lead,
            "now": now,
        }
        return assigning.assign_tasks(**{**wanted, **changes})

    return assign


@pytest.fixture
def free(exam, lead, now):
    def free(*tasks):
        return assigning.free_tasks(exam_id=exam.pk, task_ids=[task.pk for task in tasks], lead=lead, now=now)

    return free


def test_assign_tasks_hands_on_what_waits_and_what_somebody_holds(tasks, assign, grader, staff, lead, now):
    other = staff()
    queueing.claim_task(task_id=tasks[0].pk, grader=other, now=now)
    GradingTask.objects.filter(pk=tasks[1].pk).update(status=TaskStatus.STALE)
    assert assign(*tasks, to=grader) == assigning.Handed(count=3, left=0)
    held = GradingTask.objects.filter(status=TaskStatus.CLAIMED, grader=grader)
    assert {task.claimed_until for task in held} == {now + referring.HANDED_LEASE}
    assert held.count() == 3
    assert set(Assignment.objects.values_list("task", "grader", "assigned_by")) == {
        (task.pk, grader.pk, lead.pk) for task in tasks
    }


def test_an_answer_handed_to_a_grader_comes_first_for_them_and_to_nobody_else(
    tasks, assign, grader, staff, exam, now
):
    assign(tasks[2], to=grader)
    assert queueing.claim_next_task(exam_id=exam.pk, grader=grader, now=now) == tasks[2].pk
    with pytest.raises(queueing.TaskTaken):
        queueing.claim_task(task_id=tasks[2].pk, grader=staff(), now=now + timedelta(hours=1))


def test_assign_tasks_leaves_what_was_scored_or_sent_to_the_lead_or_is_theirs(
    tasks, assign, grader, staff, now
):
    GradingTask.objects.filter(pk=tasks[0].pk).update(status=TaskStatus.SCORED, grader=staff())
    queueing.claim_task(task_id=tasks[1].pk, grader=grader, now=now)
    other = staff()
    queueing.claim_task(task_id=tasks[2].pk, grader=other, now=now)
    referring.refer_task(task_id=tasks[2].pk, grader=other, note="Look.", now=now)
    assert assign(*tasks, to=grader) == assigning.Handed(count=0, left=3)
    assert not Assignment.objects.exists()


def test_assign_tasks_never_hands_an_answer_to_who_read_it_before(tasks, assign, grader):
    factories.GradingTaskFactory(answer=tasks[0].answer, reading=2, status=TaskStatus.SCORED, grader=grader)
    assert assign(tasks[0], to=grader).left == 1


def test_assign_tasks_leaves_a_paper_that_is_open(tasks, assign, grader, now):
    Submission.objects.filter(answers=tasks[0].answer_id).update(
        submitted_at=None, submitted_by="", deadline_at=now + timedelta(minutes=5)
    )
    assert assign(tasks[0], to=grader).left == 1


def test_assign_tasks_leaves_other_exams_alone(assign, grader):
    assert assign(factories.GradingTaskFactory(), to=grader) == assigning.Handed(count=0, left=1)


@pytest.mark.parametrize("role", [StaffRole.ORGANISER, StaffRole.PROCTOR, StaffRole.OBSERVER])
def test_assign_tasks_is_refused_for_who_does_not_grade_here(tasks, assign, staff, role):
    with pytest.raises(assigning.NotAGrader):
        assign(*tasks, to=staff(role))


def test_assign_tasks_is_refused_for_a_grader_of_another_exam_or_one_who_left(tasks, assign, staff, grader):
    with pytest.raises(assigning.NotAGrader):
        assign(*tasks, to=staff(in_exam=factories.ExamFactory()))
    grader.is_active = False
    grader.save()
    with pytest.raises(assigning.NotAGrader):
        assign(*tasks, to=grader)


def test_free_tasks_lets_claimed_answers_wait_for_anybody(tasks, free, grader, staff, lead, now):
    for task in tasks[:2]:
        queueing.claim_task(task_id=task.pk, grader=grader, now=now)
    factories.ScoreFactory(task=tasks[1])
    assert free(*tasks) == assigning.Handed(count=2, left=1)
    waiting = GradingTask.objects.filter(pk__in=[task.pk for task in tasks]).order_by("pk")
    assert [(task.status, task.grader) for task in waiting] == [
        (TaskStatus.OPEN, None),
        (TaskStatus.STALE, None),
        (TaskStatus.OPEN, None),
    ]
    assert set(Assignment.objects.values_list("grader", "assigned_by")) == {(None, lead.pk)}
    queueing.claim_task(task_id=tasks[0].pk, grader=staff(), now=now)


def test_assignments_are_never_changed(tasks, assign, grader):
    assign(tasks[0], to=grader)
    with pytest.raises(ProgrammingError, match="Cannot update or delete"), transaction.atomic():
        Assignment.objects.update(grader=None)


@pytest.mark.parametrize("count", [1, 3])
def test_assign_tasks_query_count_does_not_grow(tasks, assign, grader, count, django_assert_num_queries):
    with django_assert_num_queries(6):
        assert assign(*tasks[:count], to=grader).count == count

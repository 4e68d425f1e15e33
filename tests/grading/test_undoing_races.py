"""An undo and a correction at the same moment: one of them counts, the other is told."""

from concurrent.futures import Future
from decimal import Decimal

import pytest
from django.db import transaction

from apps.grading.enums import TaskStatus
from apps.grading.models import GradingTask, Score
from apps.grading.services import scoring, undoing
from tests import factories
from tests.grading.test_races import at_once

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def scored(hand_in, queue, grader):
    def make(count):
        for _ in range(count):
            hand_in("42", "1")
        queue()
        tasks = list(GradingTask.objects.filter(answer__number=1))
        for task in tasks:
            factories.ScoreFactory(task=task, points=1, grader=grader)
        GradingTask.objects.update(status=TaskStatus.SCORED, grader=grader)
        return tasks

    return make


def correct(task, lead, now):
    return lambda: scoring.score_task(
        task_id=task.pk,
        grader=lead,
        points=Decimal(3),
        based_on=1,
        answer_revision=1,
        now=now,
        may_correct=True,
    )


def test_of_an_undo_and_a_correction_exactly_one_wins(scored, grader, lead, now):
    for task in scored(30):
        undone, corrected = at_once(
            lambda task=task: undoing.undo_score(task_id=task.pk, grader=grader, based_on=1, now=now),
            correct(task, lead, now),
        )
        if isinstance(undone, Score):
            assert isinstance(corrected, scoring.ScoreConflict)
            assert corrected.current.points is None
        else:
            assert isinstance(undone, undoing.ScoreMovedOn)
            assert corrected.points == 3
        assert list(task.scores.values_list("version", flat=True)) == [1, 2]


def test_control_an_undo_that_does_not_name_its_version_takes_back_what_nobody_saw(scored, grader, lead, now):
    """With "undo whatever is newest" the lead's correction is gone, and neither of the two knows."""

    def undo_newest():
        corrected.result(timeout=10)
        with transaction.atomic():
            GradingTask.objects.select_for_update().get(pk=task.pk)
            newest, *older = task.scores.order_by("-version")
            return Score.objects.create(
                task=task,
                version=newest.version + 1,
                points=older[0].points,
                answer_revision=1,
                grader=grader,
                scored_at=now,
            )

    (task,) = scored(1)
    corrected = Future()

    def correct_first():
        made = correct(task, lead, now)()
        corrected.set_result(made)
        return made

    undone, made = at_once(undo_newest, correct_first)
    assert made.points == 3
    assert undone.points == 1


def test_many_answers_taken_back_while_each_is_corrected_are_each_one_or_the_other(
    scored, grader, lead, exam, now
):
    tasks = scored(20)
    scores = list(Score.objects.values_list("pk", flat=True))

    def correct_all():
        outcomes = []
        # Against the order in which the bulk act takes its locks.
        for task in reversed(tasks):
            try:
                outcomes.append(correct(task, lead, now)())
            except scoring.ScoreConflict as refusal:
                outcomes.append(refusal)
        return outcomes

    done, outcomes = at_once(
        lambda: undoing.take_back(score_ids=scores, exam_id=exam.pk, grader=grader, now=now), correct_all
    )
    corrected = {outcome.task_id for outcome in outcomes if isinstance(outcome, Score)}
    assert isinstance(done, undoing.TakenBack)
    assert corrected | set(done.task_ids) == {task.pk for task in tasks}
    assert not corrected & set(done.task_ids)
    assert done.left == len(corrected)

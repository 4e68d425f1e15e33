"""Publishing while scores change: every publication shows one moment. With a control that mixes moments."""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from itertools import pairwise

import pytest
from django.db import connection

from apps.grading.models import GradingTask, Result, Score
from apps.grading.services import scoring
from apps.submissions.models import Answer

pytestmark = pytest.mark.django_db(transaction=True)

STEPS = 60


class Corrections:
    """A lead who corrects problem 1, then problem 2, to the same points, again and again.

    At every moment problem 1 is where problem 2 is, or one step ahead; a snapshot shows nothing else.
    """

    def __init__(self, lead, now):
        self.lead, self.now = lead, now
        self.tasks = list(GradingTask.objects.order_by("answer__number").values_list("pk", flat=True))
        self.points = 0

    def step(self):
        self.points += 1
        for task in self.tasks:
            scoring.score_task(
                task_id=task,
                grader=self.lead,
                points=Decimal(self.points),
                note="again",
                based_on=self.points,
                answer_revision=1,
                now=self.now,
                may_correct=True,
            )

    def run(self, steps):
        try:
            for _ in range(steps):
                self.step()
        finally:
            connection.close()


def test_publishing_while_scores_are_corrected_freezes_one_moment(grade, problems, publish, lead, now):
    for problem in problems:
        problem.max_points = 1000
        problem.save()
    grade(0, 0)
    GradingTask.objects.update(grader=lead)
    Answer.objects.update(revision=1)
    with ThreadPoolExecutor(1) as pool:
        correcting = pool.submit(Corrections(lead, now).run, STEPS)
        while not correcting.done():
            publish()
        correcting.result()
    publish()
    snapshots = [
        [Decimal(part["points"]) for part in result.problems] + [result.total]
        for result in Result.objects.order_by("publication__number")
    ]
    assert len(snapshots) > 5
    for first, second, total in snapshots:
        assert first - second in {0, 1}
        assert total == first + second
    assert all(earlier[0] <= later[0] for earlier, later in pairwise(snapshots))
    assert snapshots[-1] == [STEPS, STEPS, 2 * STEPS]


def test_control_reading_problem_by_problem_mixes_moments(grade, problems, lead, now):
    grade(0, 0)
    corrections = Corrections(lead, now)

    def newest(task):
        return Score.objects.filter(task=task).order_by("-version").first().points

    first = newest(corrections.tasks[0])
    for _ in range(3):
        corrections.step()
    second = newest(corrections.tasks[1])
    assert first - second not in {0, 1}

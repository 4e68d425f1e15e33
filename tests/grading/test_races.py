"""Several people at the same moment, on a real database. Each race has a control that shows it."""

import threading
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from django.db import connection, transaction

from apps.grading.enums import TaskStatus
from apps.grading.models import GradingTask, Score
from apps.grading.services import queueing, scoring
from apps.submissions.models import Submission
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*acts):
    """Start all acts at the same moment, each on its own connection; return what they returned or raised."""
    barrier = threading.Barrier(len(acts))

    def run(act):
        try:
            connection.ensure_connection()
            barrier.wait(timeout=10)
            return act()
        except Exception as refusal:  # noqa: BLE001 - the caller looks at what it was
            return refusal
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


@pytest.fixture
def scored(problems, queue, grader):
    """Answers that the grader scored already; now the grader and the lead both correct them."""

    def make(count):
        factories.hand_in_papers(problems[:1], count)
        queue()
        tasks = list(GradingTask.objects.all())
        Score.objects.bulk_create(
            factories.ScoreFactory.build(task=task, points=1, grader=grader) for task in tasks
        )
        GradingTask.objects.update(status=TaskStatus.SCORED, grader=grader)
        return tasks

    return make


def test_of_two_graders_of_one_answer_exactly_one_wins_five_hundred_times(scored, grader, lead, now):
    """Both start each race together, and each race on another answer."""
    tasks = scored(500)
    together = threading.Barrier(2)

    def correct_all(who, points):
        def act():
            outcomes = []
            for task in tasks:
                together.wait(timeout=30)
                try:
                    made = scoring.score_task(
                        task_id=task.pk,
                        grader=who,
                        points=Decimal(points),
                        based_on=1,
                        answer_revision=1,
                        now=now,
                        may_correct=True,
                    )
                except scoring.ScoreConflict as refusal:
                    made = refusal
                outcomes.append(made)
            return outcomes

        return act

    pairs = list(zip(*at_once(correct_all(grader, 5), correct_all(lead, 3)), strict=True))
    assert len(pairs) == 500
    for outcomes in pairs:
        (won,) = [outcome for outcome in outcomes if isinstance(outcome, Score)]
        (lost,) = [outcome for outcome in outcomes if isinstance(outcome, scoring.ScoreConflict)]
        assert lost.current == won
        assert lost.yours.points != won.points
    # Nothing was overwritten: each answer has its first version, and one more.
    assert Score.objects.filter(version=1, points=1).count() == 500
    assert Score.objects.filter(version=2).count() == 500
    assert Score.objects.count() == 1000


def test_control_without_the_version_check_a_score_is_silently_overwritten(scored, grader, lead, now):
    """What a writer does that takes whatever version comes next: both succeed, nobody is told."""

    def overwrite(task, who, points):
        def act():
            with transaction.atomic():
                GradingTask.objects.select_for_update().get(pk=task.pk)
                newest = task.scores.order_by("-version").first()
                return Score.objects.create(
                    task=task,
                    version=newest.version + 1,
                    points=points,
                    answer_revision=1,
                    grader=who,
                    scored_at=now,
                )

        return act

    (task,) = scored(1)
    outcomes = at_once(overwrite(task, grader, 5), overwrite(task, lead, 3))
    assert all(isinstance(outcome, Score) for outcome in outcomes)
    assert task.scores.count() == 3


def test_when_a_lease_ran_out_and_two_graders_save_the_first_reading_only_one_counts(
    hand_in, queue, staff, exam, now
):
    """The one who lost the answer is told, whichever save comes first."""
    late, next_one = staff(), staff()
    for _ in range(10):
        hand_in("42", "1")
    queue()
    after_lease = now + queueing.LEASE * 2
    for task in GradingTask.objects.filter(answer__number=1):
        queueing.claim_task(task_id=task.pk, grader=late, now=now)
        queueing.claim_task(task_id=task.pk, grader=next_one, now=after_lease)

        def save(who, task=task):
            return lambda: scoring.score_task(
                task_id=task.pk, grader=who, points=Decimal(4), based_on=0, answer_revision=1, now=after_lease
            )

        outcomes = at_once(save(late), save(next_one))
        assert isinstance(outcomes[0], scoring.ScoreConflict | scoring.NotClaimed)
        assert outcomes[1].grader == next_one
        assert task.scores.count() == 1


def test_control_without_the_lock_answers_are_claimed_twice(hand_in, queue, staff, exam, now):
    for _ in range(30):
        hand_in("42", "1")
    queue()
    graders = [staff() for _ in range(8)]
    together = threading.Barrier(8)

    def claim(grader):
        task = GradingTask.objects.claimable_at(now).order_by("pk").first()
        together.wait(timeout=10)
        queueing.take(task, grader, now)
        return task.pk

    outcomes = at_once(*[lambda grader=grader: claim(grader) for grader in graders])
    assert len(set(outcomes)) < len(outcomes)


def test_a_paper_that_is_reopened_while_it_is_scored_is_not_scored(hand_in, queue, grader, exam, now):
    """Whoever comes second sees what the first did: the paper's row is locked by both."""
    hand_in("42", "1")
    queue()
    task = queueing.claim_next_task(exam_id=exam.pk, grader=grader, now=now)
    paper = Submission.objects.get()
    reopening, scoring_started = threading.Event(), threading.Event()

    def reopen():
        with transaction.atomic():
            Submission.objects.select_for_update().get(pk=paper.pk)
            reopening.set()
            scoring_started.wait(timeout=10)
            # Time for the other one to reach the paper's lock; it cannot pass it before the commit.
            threading.Event().wait(0.3)
            Submission.objects.update(submitted_at=None, submitted_by="", deadline_at=now + queueing.LEASE)

    def score():
        reopening.wait(timeout=10)
        scoring_started.set()
        return scoring.score_task(
            task_id=task, grader=grader, points=Decimal(4), based_on=0, answer_revision=1, now=now
        )

    _, outcome = at_once(reopen, score)
    assert isinstance(outcome, scoring.PaperOpen)
    assert not Score.objects.exists()

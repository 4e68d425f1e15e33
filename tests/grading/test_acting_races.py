"""Acts at the same moment as other acts, claims and undos. The control shows what the locks are for."""

import threading
from decimal import Decimal

import pytest
from django.db import IntegrityError

from apps.grading.enums import TaskStatus
from apps.grading.models import GradingTask, Score, ScoringAct
from apps.grading.rules.equivalence import class_key
from apps.grading.selectors.classes import get_remaining
from apps.grading.services import acting, publishing, queueing, scoring
from tests.grading.test_races import at_once

pytestmark = pytest.mark.django_db(transaction=True)
SIZE = 30


@pytest.fixture
def answers(hand_in, queue, problems):
    """Queue so many answers of each text to problem 1."""

    def answers(*texts):
        for text in texts:
            for _ in range(SIZE):
                hand_in(text, "1")
        queue()

    return answers


@pytest.fixture
def act(exam, problems, now):
    def act(who, text="42", points=5):
        return lambda: acting.score_class(
            exam_id=exam.pk,
            problem_id=problems[0].pk,
            key=class_key(text),
            points=Decimal(points),
            grader=who,
            now=now,
        )

    return act


def versions():
    return sorted(Score.objects.filter(task__problem__number=1).values_list("task_id", "version"))


def test_two_people_score_one_class_and_each_answer_once(answers, act, grader, lead):
    answers("42")
    tasks = GradingTask.objects.filter(problem__number=1)
    outcomes = at_once(act(grader, points=5), act(lead, points=3))
    done = [outcome for outcome in outcomes if isinstance(outcome, ScoringAct)]
    refused = [outcome for outcome in outcomes if isinstance(outcome, acting.NothingWaits)]
    assert (len(done), len(refused)) == (1, 1)
    assert done[0].count == SIZE
    assert versions() == sorted((task.pk, 1) for task in tasks)
    assert set(Score.objects.values_list("act", "points")) == {(done[0].pk, done[0].points)}


def test_control_without_the_lock_both_believe_that_the_answers_wait(answers, act, grader, lead, monkeypatch):
    """Then only the database stands between an answer and two scores: one of the two ends in an error."""
    both = threading.Barrier(2)

    def look_only(tasks):
        found = list(tasks.order_by("pk"))
        both.wait(timeout=10)
        return found

    answers("42")
    monkeypatch.setattr(acting, "lock", look_only)
    outcomes = at_once(act(grader), act(lead))
    counted = sum(outcome.count for outcome in outcomes if isinstance(outcome, ScoringAct))
    assert counted != SIZE or any(isinstance(outcome, IntegrityError) for outcome in outcomes)


def test_a_class_and_all_remaining_never_score_the_same_answer(
    answers, act, grader, lead, exam, problems, now
):
    answers("43", "44")
    seen = get_remaining(problems[0], lead, now).seen
    one, rest = at_once(
        act(grader, "43"),
        lambda: acting.score_remaining(
            exam_id=exam.pk, problem_id=problems[0].pk, seen=seen, grader=lead, now=now
        ),
    )
    assert isinstance(rest, acting.RemainingDone)
    counted = one.count if isinstance(one, ScoringAct) else 0
    assert counted + rest.act.count == len(versions()) == 2 * SIZE
    assert {version for _, version in versions()} == {1}
    assert rest.left == counted


def test_an_act_and_claims_at_once_leave_each_answer_with_one_of_them(
    answers, act, grader, staff, exam, problems, now
):
    answers("42")
    others = [staff() for _ in range(3)]

    def grade(who):
        """Claim and score one by one until nothing is left."""

        def work():
            scored = 0
            while True:
                task = queueing.claim_next_task(
                    exam_id=exam.pk, grader=who, now=now, problem_id=problems[0].pk
                )
                if task is None:
                    return scored
                scoring.score_task(
                    task_id=task, grader=who, points=Decimal(1), based_on=0, answer_revision=1, now=now
                )
                scored += 1

        return work

    done, *scored = at_once(act(grader), *[grade(who) for who in others])
    assert all(isinstance(count, int) for count in scored), scored
    counted = done.count if isinstance(done, ScoringAct) else 0
    assert isinstance(done, ScoringAct | acting.NothingWaits)
    assert counted + sum(scored) == SIZE
    assert {version for _, version in versions()} == {1}
    assert not GradingTask.objects.unfinished().filter(problem=problems[0]).exists()


def test_of_two_undos_one_takes_back_and_the_other_is_told(answers, act, grader, lead, exam, now):
    answers("42")
    made = act(grader)()

    def undo(who):
        return lambda: acting.undo_act(exam_id=exam.pk, act_id=made.pk, grader=who, now=now, may_correct=True)

    outcomes = at_once(undo(grader), undo(lead))
    (done,) = [outcome for outcome in outcomes if isinstance(outcome, acting.Undone)]
    (told,) = [outcome for outcome in outcomes if isinstance(outcome, acting.AlreadyUndone)]
    assert (done.count, done.left) == (SIZE, 0)
    assert str(told)
    assert Score.objects.filter(version=2, points=None).count() == SIZE
    assert not Score.objects.filter(version__gt=2).exists()


def test_results_published_while_an_act_waits_for_them_are_not_changed(
    answers, act, grader, organiser, lead, exam, problems, now
):
    """Either the act comes first and counts, or it is told that the results are published."""
    answers("42")
    act(grader)()
    acting.score_class(
        exam_id=exam.pk,
        problem_id=problems[1].pk,
        key=class_key("1"),
        points=Decimal(2),
        grader=grader,
        now=now,
    )
    # An answer that does not count: publishing does not wait for it.
    extra = GradingTask.objects.filter(problem=problems[0]).first()
    extra.answer.submission.registration.disqualification = "Left the room."
    extra.answer.submission.registration.save()
    GradingTask.objects.filter(pk=extra.pk).update(status=TaskStatus.STALE, grader=None)
    published, acted = at_once(
        lambda: publishing.publish_results(exam_id=exam.pk, actor=organiser, now=now), act(lead, points=1)
    )
    assert published.number == 1
    if isinstance(acted, ScoringAct):
        assert acted.count == 1
    else:
        assert isinstance(acted, scoring.ResultsPublished)
        assert extra.scores.count() == 1

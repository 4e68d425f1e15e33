"""Points are recorded by one door, in versions; every refusal has its test."""

from datetime import timedelta
from decimal import Decimal

import pytest

from apps.grading.enums import TaskStatus
from apps.grading.models import GradingTask, Score
from apps.grading.services import publishing, queueing, scoring
from apps.submissions.models import Answer, Submission

pytestmark = pytest.mark.django_db


@pytest.fixture
def task(hand_in, queue, problems, grader, now, exam):
    """An answer of problem 1 that the grader holds."""
    hand_in("42", "1")
    queue()
    held = queueing.claim_next_task(exam_id=exam.pk, problem_id=problems[0].pk, grader=grader, now=now)
    return GradingTask.objects.get(pk=held)


@pytest.fixture
def score(task, grader, now):
    def score(**changes):
        wanted = {
            "task_id": task.pk,
            "grader": grader,
            "points": Decimal(6),
            "based_on": 0,
            "answer_revision": 1,
            "now": now,
        }
        return scoring.score_task(**{**wanted, **changes})

    return score


def test_score_task_records_the_first_version_and_finishes_the_task(task, score, grader, now):
    made = score(points=Decimal("6.5"), comment=" Well argued. ", note="see line 3")
    task.refresh_from_db()
    assert (task.status, task.claimed_until, task.grader) == (TaskStatus.SCORED, None, grader)
    assert (made.version, made.points, made.answer_revision, made.scored_at) == (1, Decimal("6.5"), 1, now)
    assert (made.comment, made.note) == ("Well argued.", "see line 3")


def test_score_task_lets_the_problem_know_when_it_was_first_scored(score, problems, now):
    score()
    score(points=Decimal(5), based_on=1, now=now + timedelta(minutes=1))
    moments = [type(problem).objects.get(pk=problem.pk).first_scored_at for problem in problems[:2]]
    assert moments == [now, None]


def test_score_task_lets_a_grader_correct_a_slip_as_a_new_version(score):
    score()
    score(points=Decimal(5), based_on=1)
    assert list(Score.objects.values_list("version", "points")) == [(1, 6), (2, 5)]


def test_score_task_is_refused_for_who_never_claimed(score, staff):
    with pytest.raises(scoring.NotClaimed):
        score(grader=staff())


def test_score_task_is_accepted_after_the_lease_if_nobody_took_over(score, now):
    assert score(now=now + timedelta(hours=2)).version == 1


def test_score_task_is_refused_when_somebody_took_over(score, task, staff, now):
    later = now + queueing.LEASE + timedelta(seconds=1)
    queueing.claim_task(task_id=task.pk, grader=staff(), now=later)
    with pytest.raises(scoring.NotClaimed):
        score(now=later)


def test_score_task_shows_both_scores_when_the_version_moved_on(score, lead):
    score(comment="mine")
    score(grader=lead, points=Decimal(3), comment="theirs", based_on=1, may_correct=True)
    with pytest.raises(scoring.ScoreConflict) as refusal:
        score(points=Decimal(7), comment="mine again", based_on=1)
    assert refusal.value.yours == scoring.Draft(Decimal(7), "mine again", "")
    assert (refusal.value.current.version, refusal.value.current.comment) == (2, "theirs")
    assert Score.objects.count() == 2


@pytest.mark.parametrize("based_on", [-1, 1, 5])
def test_score_task_is_refused_for_a_version_nobody_ever_saw(score, based_on):
    with pytest.raises(scoring.ScoreConflict) as refusal:
        score(based_on=based_on)
    assert refusal.value.current is None


def test_score_task_is_refused_to_others_for_a_scored_answer(score, staff):
    score()
    with pytest.raises(scoring.NotClaimed):
        score(grader=staff(), based_on=1)


def test_score_task_lets_a_lead_correct_and_keeps_the_reading_the_graders(score, task, lead, grader):
    score()
    assert score(grader=lead, based_on=1, may_correct=True).grader == lead
    task.refresh_from_db()
    assert task.grader == grader


def test_score_task_does_not_let_a_lead_score_over_a_live_claim(score, lead):
    with pytest.raises(scoring.NotClaimed):
        score(grader=lead, may_correct=True)


def test_score_task_is_refused_while_the_paper_is_open(score, task, now):
    Submission.objects.filter(pk=task.answer.submission_id).update(
        submitted_at=None, submitted_by="", deadline_at=now + timedelta(minutes=5)
    )
    with pytest.raises(scoring.PaperOpen):
        score()


def test_score_task_is_refused_when_the_answer_is_another_by_now(score, task):
    Answer.objects.filter(pk=task.answer_id).update(text="43", revision=2)
    with pytest.raises(scoring.AnswerChanged):
        score()


@pytest.mark.parametrize("points", ["7.01", "-1", "NaN", "Infinity", "6.125"])
def test_score_task_refuses_points_the_problem_does_not_allow(score, points):
    with pytest.raises(scoring.InvalidPoints):
        score(points=Decimal(points))
    assert not Score.objects.exists()


class TestAfterPublication:
    @pytest.fixture(autouse=True)
    def _published(self, score, task, problems, lead, organiser, exam, now):
        score()
        other = queueing.claim_next_task(exam_id=exam.pk, grader=lead, now=now)
        score(task_id=other, grader=lead)
        publishing.publish_results(exam_id=exam.pk, actor=organiser, now=now)

    def test_a_grader_corrects_nothing(self, score):
        with pytest.raises(scoring.ResultsPublished):
            score(based_on=1, note="a slip")

    def test_a_lead_says_why(self, score, lead):
        with pytest.raises(scoring.ReasonMissing):
            score(grader=lead, based_on=1, may_correct=True, note=" ")
        assert score(grader=lead, based_on=1, may_correct=True, note="appeal 4").version == 2

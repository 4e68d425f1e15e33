"""A score is taken back by a new version: for one answer, for many, and every refusal."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from apps.exams.models import Problem
from apps.grading.enums import TaskStatus
from apps.grading.models import GradingTask, Score
from apps.grading.selectors.readiness import list_missing
from apps.grading.selectors.sheet import get_sheet
from apps.grading.selectors.tally import list_tally
from apps.grading.services import queueing, scoring, undoing
from apps.submissions.models import Answer, Submission
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def task(hand_in, queue, problems):
    hand_in("42", "1")
    queue()
    return GradingTask.objects.get(problem=problems[0])


@pytest.fixture
def score(task, grader, now):
    """Claim the answer if need be and score it on top of what is there."""

    def score(points, *, who=grader, **changes):
        newest = task.scores.order_by("-version").first()
        task.refresh_from_db()
        if task.status != TaskStatus.SCORED:
            queueing.claim_task(task_id=task.pk, grader=who, now=now)
        wanted = {
            "task_id": task.pk,
            "grader": who,
            "points": Decimal(points),
            "based_on": newest.version if newest else 0,
            "answer_revision": 1,
            "now": now,
        }
        return scoring.score_task(**{**wanted, **changes})

    return score


@pytest.fixture
def undo(task, grader, now):
    def undo(based_on, **changes):
        return undoing.undo_score(
            **{"task_id": task.pk, "grader": grader, "based_on": based_on, "now": now, **changes}
        )

    return undo


@pytest.fixture
def take_back(exam, grader, now):
    def take_back(*scores, **changes):
        wanted = {
            "score_ids": [one.pk for one in scores],
            "exam_id": exam.pk,
            "grader": grader,
            "now": now,
        }
        return undoing.take_back(**{**wanted, **changes})

    return take_back


def points_of(task):
    return list(task.scores.order_by("version").values_list("points", flat=True))


def test_the_first_version_of_a_score_has_points(task):
    with pytest.raises(IntegrityError, match="first_version_has_points"), transaction.atomic():
        factories.ScoreFactory(task=task, points=None)
    factories.ScoreFactory(task=task)
    factories.ScoreFactory(task=task, version=2, points=None)


def test_undo_score_of_the_first_version_gives_the_answer_back_to_its_grader(task, score, undo, grader, now):
    score(6, comment="Good.")
    made = undo(1)
    task.refresh_from_db()
    assert (made.version, made.points, made.comment, made.grader) == (2, None, "", grader)
    assert (task.status, task.grader) == (TaskStatus.CLAIMED, grader)
    assert task.claimed_until == now + queueing.LEASE


def test_undo_score_of_a_correction_puts_the_version_before_on_top(task, score, undo):
    score(6, comment="Good.", note="line 3")
    score(2, comment="Bad.")
    made = undo(2)
    task.refresh_from_db()
    assert (made.version, made.points, made.comment, made.note) == (3, 6, "Good.", "line 3")
    assert task.status == TaskStatus.SCORED


def test_an_undone_answer_is_scored_and_undone_again(task, score, undo):
    score(6)
    undo(1)
    score(4)
    undo(3)
    task.refresh_from_db()
    assert points_of(task) == [6, None, 4, None]
    assert task.status == TaskStatus.CLAIMED


def test_undo_score_of_what_judged_a_changed_answer_lets_it_wait_again(task, score, undo, now):
    score(6)
    Answer.objects.filter(pk=task.answer_id).update(text="43", revision=2)
    queueing.mark_stale(exam_id=task.exam_id, now=now)
    score(1, answer_revision=2)
    made = undo(2)
    task.refresh_from_db()
    assert (made.points, made.answer_revision, task.status) == (6, 1, TaskStatus.CLAIMED)


def test_undo_score_does_not_put_back_more_than_the_problem_is_worth_by_now(task, score, undo):
    score(6)
    score(2)
    Problem.objects.filter(pk=task.problem_id).update(max_points=5)
    undo(2)
    task.refresh_from_db()
    assert points_of(task) == [6, 2, None]
    assert task.status == TaskStatus.CLAIMED


@pytest.mark.parametrize("based_on", [0, 1, 3])
def test_undo_score_is_refused_for_any_version_but_the_newest(score, undo, based_on):
    score(6)
    score(5)
    with pytest.raises(undoing.ScoreMovedOn):
        undo(based_on)


def test_undo_score_is_refused_where_nothing_was_scored(undo):
    with pytest.raises(undoing.ScoreMovedOn):
        undo(0)


def test_undo_score_is_refused_for_what_was_undone(score, undo):
    score(6)
    undo(1)
    with pytest.raises(undoing.NothingToUndo):
        undo(2)


def test_undo_score_is_refused_while_the_answer_waits_for_another_reader(task, score, undo, now):
    score(6)
    Answer.objects.filter(pk=task.answer_id).update(text="43", revision=2)
    queueing.mark_stale(exam_id=task.exam_id, now=now)
    with pytest.raises(undoing.NothingToUndo):
        undo(1)


def test_undo_score_is_refused_for_anothers_score_but_not_to_a_lead(task, score, undo, staff, lead, grader):
    score(6)
    with pytest.raises(undoing.NotYourScore):
        undo(1, grader=staff())
    assert undo(1, grader=lead, may_correct=True).grader == lead
    task.refresh_from_db()
    assert task.grader == grader


def test_undo_score_is_refused_for_the_correction_of_a_lead(score, undo, lead):
    score(6)
    score(2, who=lead, may_correct=True)
    with pytest.raises(undoing.NotYourScore):
        undo(2)


def test_undo_score_is_refused_while_the_paper_is_open(task, score, undo, now):
    score(6)
    reopen(task, now)
    with pytest.raises(scoring.PaperOpen):
        undo(1)


def reopen(task, now):
    Submission.objects.filter(pk=task.answer.submission_id).update(
        submitted_at=None, submitted_by="", deadline_at=now + timedelta(minutes=5)
    )


class TestAfterPublication:
    @pytest.fixture(autouse=True)
    def _published(self, score, exam):
        score(6)
        factories.PublicationFactory(exam=exam)

    @pytest.mark.parametrize("may_correct", [False, True])
    def test_undo_score_is_refused_to_everybody(self, undo, lead, grader, may_correct):
        with pytest.raises(scoring.ResultsPublished):
            undo(1, grader=lead if may_correct else grader, may_correct=may_correct)

    def test_take_back_is_refused(self, take_back):
        with pytest.raises(scoring.ResultsPublished):
            take_back(*Score.objects.all())


def test_take_back_lets_many_answers_wait_for_anybody(hand_in, queue, problems, take_back, score_class):
    for _ in range(3):
        hand_in("", "1")
    queue()
    score_class("")
    done = take_back(*Score.objects.all())
    tasks = GradingTask.objects.filter(problem=problems[0])
    assert (sorted(done.task_ids), done.left) == (sorted(task.pk for task in tasks), 0)
    assert {(task.status, task.grader) for task in tasks} == {(TaskStatus.OPEN, None)}
    assert [points_of(task) for task in tasks] == [[5, None]] * 3
    assert score_class("").count == 3


def test_take_back_puts_the_version_before_on_top(task, score, take_back):
    score(6, comment="Good.")
    take_back(score(0))
    task.refresh_from_db()
    assert points_of(task) == [6, 0, 6]
    assert task.status == TaskStatus.SCORED
    assert task.scores.last().comment == "Good."


def test_take_back_of_what_judged_a_changed_answer_leaves_it_stale(task, score, take_back, now):
    score(6)
    Answer.objects.filter(pk=task.answer_id).update(text="", revision=2)
    queueing.mark_stale(exam_id=task.exam_id, now=now)
    take_back(score(0, answer_revision=2))
    task.refresh_from_db()
    assert (task.status, task.grader) == (TaskStatus.STALE, None)


def test_take_back_leaves_what_was_scored_again_since_or_undone(task, score, take_back):
    first = score(0)
    second = score(6)
    assert take_back(first) == undoing.TakenBack(task_ids=[], left=1)
    take_back(second)
    assert take_back(*Score.objects.all()).task_ids == [task.pk]
    assert points_of(task) == [0, 6, 0, 6]


def test_take_back_leaves_a_paper_that_is_open(task, score, take_back, now):
    made = score(6)
    reopen(task, now)
    assert take_back(made) == undoing.TakenBack(task_ids=[], left=1)


def test_take_back_leaves_other_exams_alone(take_back):
    foreign = factories.ScoreFactory()
    GradingTask.objects.update(status=TaskStatus.SCORED, grader=foreign.grader)
    assert take_back(foreign) == undoing.TakenBack(task_ids=[], left=1)


@pytest.mark.parametrize("answers", [1, 3])
def test_take_back_query_count_does_not_grow(
    hand_in, queue, take_back, score_class, answers, django_assert_num_queries
):
    for _ in range(answers):
        hand_in("", "1")
    queue()
    score_class("")
    scores = list(Score.objects.all())
    with django_assert_num_queries(9):
        assert len(take_back(*scores).task_ids) == answers


def test_an_undone_score_counts_nowhere(task, score, undo, exam, now):
    score(6)
    undo(1)
    assert list_tally(exam.pk)[0].total == 0
    assert list_tally(exam.pk)[0].problems[0]["points"] is None
    assert "Problem 1: 1 answer is not scored." in list_missing(exam, now)
    sheet = get_sheet(task.pk, now)
    assert (sheet.score, sheet.newest_version, len(sheet.scores)) == (None, 2, 2)


def test_an_undone_score_is_not_taken_for_one_that_was_given(task, score, undo, exam, now):
    """Even if the task said so: what counts is the newest version."""
    score(6)
    undo(1)
    GradingTask.objects.filter(pk=task.pk).update(status=TaskStatus.SCORED, claimed_until=None)
    assert "Problem 1: 1 answer is not scored." in list_missing(exam, now)


def test_an_undone_answer_that_is_given_back_waits_as_open(task, score, undo, grader, now):
    score(6)
    undo(1)
    queueing.surrender_task(task_id=task.pk, grader=grader, now=now)
    task.refresh_from_db()
    assert task.status == TaskStatus.OPEN


def test_the_scoring_page_shows_what_was_taken_back_and_takes_the_next_version(desk, client, task, undo, now):
    desk.claim(task.pk)
    desk.score(task.pk, points="3", to_desk="1")
    undo(1)
    page = desk.open(task.pk).content.decode()
    assert "taken back" in page
    assert 'name="based_on" value="2"' in page
    assert desk.score(task.pk, points="4", based_on=2).status_code == 302
    assert points_of(task) == [3, None, 4]

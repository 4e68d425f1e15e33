"""Many answers in one act: what it scores, what it leaves, and how it is taken back."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from apps.exams.enums import ProblemKind
from apps.grading.enums import ActKind, TaskStatus
from apps.grading.models import GradingTask, Score, ScoringAct
from apps.grading.selectors.classes import get_remaining
from apps.grading.services import acting, queueing, referring, scoring, undoing
from apps.submissions.models import Answer, Submission
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def answers(hand_in, queue, problems):
    """Queue answers to problem 1 and return their tasks in this order."""

    def answers(*texts):
        papers = [hand_in(text, "1") for text in texts]
        queue()
        return [GradingTask.objects.get(answer__submission=paper, problem=problems[0]) for paper in papers]

    return answers


@pytest.fixture
def score_remaining(exam, problems, lead, now):
    """All remaining: 0, by default for what the page would show now."""

    def score_remaining(seen=None, **changes):
        wanted = {"exam_id": exam.pk, "problem_id": problems[0].pk, "grader": lead, "now": now}
        shown = get_remaining(problems[0], lead, now).seen if seen is None else seen
        return acting.score_remaining(**{**wanted, "seen": shown, **changes})

    return score_remaining


@pytest.fixture
def undo(exam, grader, now):
    def undo(act, **changes):
        wanted = {"exam_id": exam.pk, "act_id": act.pk, "grader": grader, "now": now}
        return acting.undo_act(**{**wanted, **changes})

    return undo


def reopen(task, now):
    Submission.objects.filter(answers=task.answer_id).update(
        submitted_at=None, submitted_by="", deadline_at=now + timedelta(minutes=5)
    )


def points_of(*tasks):
    """The points of each task in all versions."""
    return [list(task.scores.order_by("version").values_list("points", flat=True)) for task in tasks]


def test_score_class_scores_all_that_read_the_same(answers, score_class, grader, problems, now):
    tasks = answers("42", " ４２", "+42", "43", "")
    act = score_class("42", comment=" Right. ")
    assert (act.kind, act.text, act.count, act.points) == (ActKind.CLASS, "42", 3, 5)
    assert points_of(*tasks) == [[5], [5], [5], [], []]
    score = tasks[1].scores.get()
    assert (score.act, score.grader, score.scored_at) == (act, grader, now)
    assert (score.comment, score.answer_revision) == ("Right.", 1)
    tasks[0].refresh_from_db()
    assert (tasks[0].status, tasks[0].grader) == (TaskStatus.SCORED, grader)
    assert GradingTask.objects.unfinished().filter(problem=problems[0]).count() == 2


def test_score_class_scores_blank_answers_as_one_class(answers, score_class):
    tasks = answers("", "  \n", "\u00a0\u200b", "0")
    act = score_class("", points=Decimal(0))
    assert (act.kind, act.text, act.count) == (ActKind.BLANKS, "", 3)
    assert points_of(*tasks) == [[0], [0], [0], []]


def test_score_class_writes_the_next_version_of_a_changed_answer(answers, score_class):
    (task,) = answers("42")
    factories.ScoreFactory(task=task, points=1)
    GradingTask.objects.filter(pk=task.pk).update(status=TaskStatus.STALE)
    score_class("42")
    assert points_of(task) == [[1, 5]]


def test_score_class_takes_what_the_grader_holds_and_leaves_what_others_hold(
    answers, score_class, grader, staff, now
):
    mine, theirs, referred, lapsed = answers("42", "42", "42", "42")
    queueing.claim_task(task_id=mine.pk, grader=grader, now=now)
    other = staff()
    for task in (theirs, referred):
        queueing.claim_task(task_id=task.pk, grader=other, now=now)
    queueing.claim_task(task_id=lapsed.pk, grader=other, now=now - 2 * queueing.LEASE)
    referring.refer_task(task_id=referred.pk, grader=other, note="?", now=now)
    assert score_class("42").count == 2
    assert points_of(mine, theirs, referred, lapsed) == [[5], [], [], [5]]
    theirs.refresh_from_db()
    assert theirs.status == TaskStatus.CLAIMED


def test_score_class_leaves_open_papers_and_other_problems_alone(answers, score_class, problems, now):
    reopened, closed = answers("1", "1")
    reopen(reopened, now)
    assert score_class("1").count == 1
    assert points_of(reopened, closed) == [[], [5]]
    assert not Score.objects.filter(task__problem=problems[1]).exists()


def test_score_class_leaves_an_answer_that_the_grader_read_already(answers, score_class, grader):
    (task,) = answers("42")
    factories.GradingTaskFactory(answer=task.answer, reading=2, status=TaskStatus.SCORED, grader=grader)
    with pytest.raises(acting.NothingWaits):
        score_class("42")


@pytest.mark.parametrize("text", ["42", "41", ""])
def test_score_class_is_refused_when_nothing_waits(answers, score_class, text):
    answers("42")
    score_class("42")
    with pytest.raises(acting.NothingWaits):
        score_class(text)
    assert ScoringAct.objects.count() == 1


@pytest.mark.parametrize("points", ["7.5", "-1", "NaN"])
def test_score_class_refuses_points_the_problem_does_not_allow(answers, score_class, points):
    answers("42")
    with pytest.raises(scoring.InvalidPoints):
        score_class("42", points=Decimal(points))


def test_score_class_of_a_proof_is_for_blank_ones_only(answers, score_class, problems):
    problems[0].kind = ProblemKind.PROOF
    problems[0].save()
    answers("Trivial.", "")
    with pytest.raises(acting.ReadOneByOne):
        score_class("Trivial.")
    assert score_class("").count == 1


def test_nothing_is_scored_at_once_behind_published_results(
    answers, score_class, score_remaining, exam, undo
):
    answers("42", "43")
    act = score_class("42")
    factories.PublicationFactory(exam=exam)
    with pytest.raises(scoring.ResultsPublished):
        score_class("43")
    with pytest.raises(scoring.ResultsPublished):
        score_remaining()
    with pytest.raises(scoring.ResultsPublished):
        undo(act)
    act.refresh_from_db()
    assert act.undone_at is None


def test_score_remaining_leaves_blank_and_accepted_answers_out(answers, score_remaining, lead):
    tasks = answers("42", "", "43", "x", "4 2")
    done = score_remaining()
    assert (done.act.kind, done.act.count, done.left, done.appeared) == (ActKind.REMAINING, 3, 0, 0)
    assert points_of(*tasks) == [[], [], [0], [0], [0]]
    assert done.act.grader == lead


def test_score_remaining_scores_only_what_was_shown_and_is_still_the_same(
    answers, score_remaining, problems, lead, staff, now
):
    same, changed, taken, scored, right = answers("1", "2", "3", "4", "5")
    seen = get_remaining(problems[0], lead, now).seen
    (late,) = answers("6")
    Answer.objects.filter(pk=changed.answer_id).update(text="7", revision=2)
    for task in (taken, scored):
        queueing.claim_task(task_id=task.pk, grader=lead if task is scored else staff(), now=now)
    scoring.score_task(
        task_id=scored.pk, grader=lead, points=Decimal(1), based_on=0, answer_revision=1, now=now
    )
    problems[0].accepted = ["42", "5"]  # the key grew while the lead read
    problems[0].save()
    done = score_remaining(seen)
    assert points_of(same, changed, taken, scored, right, late) == [[0], [], [], [1], [], []]
    assert (done.act.count, done.left) == (1, 4)
    assert done.appeared == 1


def test_score_remaining_leaves_other_problems_and_exams_alone(answers, score_remaining, problems):
    answers("1")
    other = GradingTask.objects.get(problem=problems[1])
    foreign = factories.GradingTaskFactory(
        answer__text="x",
        answer__submission__submitted_at=factories.NOW,
        answer__submission__submitted_by="time",
    )
    with pytest.raises(acting.NothingWaits):
        score_remaining({other.pk: 1, foreign.pk: 0, 0: 0})


def test_score_remaining_is_never_for_proofs(answers, score_remaining, problems):
    (task,) = answers("Trivial.")
    problems[0].kind = ProblemKind.PROOF
    problems[0].save()
    with pytest.raises(acting.ReadOneByOne):
        score_remaining({task.pk: 1})


def test_undo_act_takes_back_what_is_still_its_own_and_counts_the_rest(
    answers, score_class, undo, lead, grader, now
):
    tasks = answers("42", "42", "42")
    act = score_class("42")
    scoring.score_task(
        task_id=tasks[1].pk,
        grader=lead,
        points=Decimal(2),
        based_on=1,
        answer_revision=1,
        now=now,
        may_correct=True,
    )
    reopen(tasks[2], now)
    assert undo(act) == acting.Undone(count=1, left=2)
    assert points_of(*tasks) == [[5, None], [5, 2], [5]]
    act.refresh_from_db()
    assert (act.undone_at, act.undone_by, act.undone_count) == (now, grader, 1)


def test_an_undone_class_is_scored_again(answers, score_class, undo):
    tasks = answers("42", "42")
    undo(score_class("42"))
    assert score_class("42", points=Decimal(7)).count == 2
    assert points_of(*tasks) == [[5, None, 7]] * 2


def test_undo_act_is_refused_twice(answers, score_class, undo):
    answers("42")
    act = score_class("42")
    undo(act)
    with pytest.raises(acting.AlreadyUndone):
        undo(act)


def test_undo_act_is_for_whoever_signed_it_and_for_leads(answers, score_class, undo, staff, lead):
    answers("42")
    act = score_class("42")
    with pytest.raises(undoing.NotYourScore):
        undo(act, grader=staff())
    assert undo(act, grader=lead, may_correct=True).count == 1


def test_undo_act_does_not_know_acts_of_other_exams(answers, score_class, undo):
    answers("42")
    act = score_class("42")
    with pytest.raises(ScoringAct.DoesNotExist):
        undo(act, exam_id=factories.ExamFactory().pk)


@pytest.mark.parametrize("size", [1, 3])
def test_the_statements_of_an_act_do_not_grow_with_the_class(
    answers, score_class, score_remaining, undo, lead, size, django_assert_num_queries
):
    answers(*["42"] * size, *["43"] * size, *[""] * size)
    with django_assert_num_queries(12):
        act = score_class("42")
    with django_assert_num_queries(11):
        score_class("")
    seen = get_remaining(act.problem, lead, act.done_at).seen
    with django_assert_num_queries(12):
        score_remaining(seen)
    with django_assert_num_queries(14):
        undo(act)


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "all"},
        {"kind": ActKind.CLASS, "text": ""},
        {"kind": ActKind.BLANKS, "text": "42"},
        {"count": 0},
        {"points": -1},
        {"undone_at": factories.NOW},
        {"undone_count": 1},
    ],
)
def test_the_database_refuses_acts_that_cannot_be(exam, problems, grader, now, fields):
    sound = {
        "exam": exam,
        "problem": problems[0],
        "kind": ActKind.BLANKS,
        "points": 0,
        "count": 1,
        "grader": grader,
        "done_at": now,
    }
    ScoringAct.objects.create(**sound)
    with pytest.raises(IntegrityError), transaction.atomic():
        ScoringAct.objects.create(**{**sound, **fields})


def test_an_act_is_kept_and_nothing_of_it_changes_but_that_it_is_undone(answers, score_class, undo):
    answers("42")
    act = ScoringAct.objects.filter(pk=score_class("42").pk)
    for change in (
        lambda: act._raw_delete("default"),
        lambda: act.update(points=1),
        lambda: act.update(count=2),
    ):
        with pytest.raises(DatabaseError, match="pgtrigger"), transaction.atomic():
            change()
    undo(act.get())
    with pytest.raises(DatabaseError, match="pgtrigger"), transaction.atomic():
        act.update(undone_at=None, undone_by=None, undone_count=None)

"""Several people at the same moment, on a real database. Each race has a control that shows it."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from django.db import connection, transaction

from apps.exams.models import Exam
from apps.grading.enums import TaskStatus
from apps.grading.models import GradingTask, Score
from apps.grading.services import claim_statement, queueing, scoring
from apps.grading.services.claiming_ahead import claim_ahead
from apps.submissions.models import Answer, Submission
from tests import factories
from tests.support.racing import Racer, locked, race, wait_for_waiters

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


class TestOneClaimsWhileAnotherIsJustClaiming:
    """The first claim is not committed yet when the second one is made, in the same order of answers."""

    @pytest.fixture
    def claim_meanwhile(self, problems, queue, staff, exam, now, monkeypatch):
        factories.hand_in_papers(problems[:1], 3)
        queue()
        one_order = "order by hashint8extended(t.id, 1)"
        same = claim_statement.CLAIM_NEW.replace("order by hashint8extended(t.id, %(grader)s)", one_order)
        monkeypatch.setattr(claim_statement, "CLAIM_NEW", same)
        one, other = staff(), staff()

        def claim(grader):
            return queueing.claim_next_task(exam_id=exam.pk, grader=grader, now=now)

        def claim_meanwhile(*, until):
            claimed, done = threading.Event(), threading.Event()

            def first():
                with transaction.atomic():
                    task = claim(one)
                    claimed.set()
                    until(done)
                return task

            def second():
                claimed.wait(timeout=10)
                task = claim(other)
                done.set()
                return task

            return at_once(first, second)

        return claim_meanwhile

    def test_the_second_takes_the_next_answer_and_does_not_wait(self, claim_meanwhile):
        first, second = claim_meanwhile(until=lambda done: done.wait(timeout=10))
        assert first != second
        assert GradingTask.objects.filter(pk__in=[first, second]).values("grader").distinct().count() == 2

    def test_control_without_skipping_what_is_locked_both_get_the_same(self, claim_meanwhile, monkeypatch):
        unguarded = claim_statement.CLAIM_NEW.replace("for no key update skip locked", "")
        monkeypatch.setattr(claim_statement, "CLAIM_NEW", unguarded)
        first, second = claim_meanwhile(until=lambda done: wait_for_a_lock())
        assert first == second


class TestOnesOwnPageClaimsAheadMeanwhile:
    """The last answers are a grader's own, and their page's other call has them locked when they ask."""

    @pytest.fixture
    def ask_meanwhile(self, problems, queue, staff, exam, now):
        factories.hand_in_papers(problems[:1], 3)
        queue()
        grader = staff()
        shown = queueing.claim_next_task(exam_id=exam.pk, grader=grader, now=now)
        assert len(claim_ahead(exam_id=exam.pk, grader=grader, shown=shown, now=now).task_ids) == 2
        GradingTask.objects.filter(pk=shown).delete()
        ahead = GradingTask.objects.all()

        def ask_meanwhile(*, until):
            with locked(ahead):
                asking = Racer(lambda: queueing.claim_next_task(exam_id=exam.pk, grader=grader, now=now))
                asking.start()
                until(asking)
            return asking.result(), set(ahead.values_list("pk", flat=True))

        return ask_meanwhile

    def test_they_get_the_next_of_them_as_soon_as_it_is_free(self, ask_meanwhile):
        next_one, ahead = ask_meanwhile(until=lambda asking: wait_for_waiters(1))
        assert next_one in ahead

    def test_control_passing_by_what_is_locked_they_are_told_that_nothing_is_left(
        self, ask_meanwhile, monkeypatch
    ):
        monkeypatch.setattr(claim_statement, "waiting_for_held", lambda statement: statement)
        next_one, _ = ask_meanwhile(until=lambda asking: asking.join(20))
        assert next_one is None


class TestManyFindTheQueueEmptyAtOnce:
    """After the end of an exam every grader who asks for an answer makes the tasks of all."""

    @pytest.fixture
    def make_tasks(self, problems, exam, now):
        """Two at once, slowly enough that neither is done before the other has begun."""
        factories.hand_in_papers(problems, 10)
        with connection.cursor() as cursor:
            cursor.execute(
                "CREATE FUNCTION slowly() RETURNS trigger LANGUAGE plpgsql"
                " AS 'BEGIN PERFORM pg_sleep(0.01); RETURN NEW; END';"
                "CREATE TRIGGER slowly BEFORE INSERT ON grading_gradingtask"
                " FOR EACH ROW EXECUTE FUNCTION slowly()"
            )
        yield lambda: race(*[lambda: queueing.create_grading_tasks(exam_id=exam.pk, now=now)] * 2)
        with connection.cursor() as cursor:
            cursor.execute("DROP FUNCTION slowly CASCADE")

    def test_the_second_finds_that_the_first_has_made_them(self, make_tasks):
        counts = [racer.result() for racer in make_tasks()]
        assert sorted(counts) == [0, GradingTask.objects.count()]
        assert max(counts) == Answer.objects.count() >= 20

    def test_control_side_by_side_each_waits_for_the_other(self, make_tasks, monkeypatch):
        monkeypatch.setattr(type(Exam.objects.all()), "select_for_update", lambda rows, **_: rows)
        errors = [str(racer.error) for racer in make_tasks() if racer.error]
        assert [error for error in errors if "deadlock" in error] == errors != []


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


class TestWhatHappenedWhileAScoreWaited:
    """Somebody holds a lock that a score needs, changes something and lets go: the score sees it."""

    @pytest.fixture
    def score_behind(self, hand_in, queue, grader, exam, now):
        hand_in("42", "1")
        queue()
        task_id = queueing.claim_next_task(exam_id=exam.pk, grader=grader, now=now)

        def score_behind(lock, change):
            locked = threading.Event()

            def hold():
                with transaction.atomic():
                    lock(GradingTask.objects.select_related("answer").get(pk=task_id))
                    locked.set()
                    wait_for_a_lock()
                    change(Answer.objects.get(pk=GradingTask.objects.get(pk=task_id).answer_id))

            def score():
                locked.wait(timeout=10)
                return scoring.score_task(
                    task_id=task_id, grader=grader, points=Decimal(4), based_on=0, answer_revision=1, now=now
                )

            held, outcome = at_once(hold, score)
            assert held is None
            return outcome

        return score_behind

    def lock_paper(self, task):
        Submission.objects.select_for_update().get(pk=task.answer.submission_id)

    def lock_task(self, task):
        GradingTask.objects.select_for_update().get(pk=task.pk)

    def change_answer(self, answer):
        Answer.objects.filter(pk=answer.pk).update(text="43", revision=2)

    def publish(self, answer):
        factories.PublicationFactory(exam_id=answer.problem.exam_id)

    def test_an_answer_that_changed_is_not_scored(self, score_behind):
        assert isinstance(score_behind(self.lock_paper, self.change_answer), scoring.AnswerChanged)

    def test_results_that_were_published_are_not_changed(self, score_behind):
        assert isinstance(score_behind(self.lock_task, self.publish), scoring.ResultsPublished)

    @pytest.mark.parametrize("change", ["change_answer", "publish"])
    def test_control_read_before_the_locks_the_change_is_missed(self, score_behind, monkeypatch, change):
        """One statement that locks and reads would do just this: its snapshot is older than its wait."""
        lock = scoring.lock_task_and_paper
        early = {}

        def read_and_lock(task_id, moment):
            early["read"] = scoring.read_what_counts(GradingTask.objects.get(pk=task_id))
            monkeypatch.setattr(scoring, "read_what_counts", lambda task: early["read"])
            return lock(task_id, moment)

        monkeypatch.setattr(scoring, "lock_task_and_paper", read_and_lock)
        assert isinstance(score_behind(self.lock_paper, getattr(self, change)), Score)

    def test_the_task_is_locked_before_the_paper(self, score_behind):
        """As publishing and bulk acts lock: whoever waits for a paper holds its task."""
        seen = []

        def look(answer):
            free = GradingTask.objects.filter(answer=answer).select_for_update(skip_locked=True)
            seen.append(list(free))

        assert isinstance(score_behind(self.lock_paper, look), Score)
        assert seen == [[]]


def wait_for_a_lock():
    """Until some session of this database waits for a row of somebody else."""
    waiting = (
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    until = time.monotonic() + 10
    with connection.cursor() as cursor:
        while not cursor.execute(waiting).fetchone()[0]:
            assert time.monotonic() < until
            # The view is read once in a transaction unless it is told to look again.
            cursor.execute("SELECT pg_stat_clear_snapshot()")
            time.sleep(0.02)

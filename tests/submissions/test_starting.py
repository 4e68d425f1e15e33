"""Starting a paper."""

from datetime import timedelta

import pytest

from apps.exams.enums import ClockKind, ExamStatus
from apps.exams.models import Exam
from apps.submissions.models import Answer, Submission
from apps.submissions.services import starting
from tests import factories
from tests.support.racing import Racer, locked, race, wait_for_waiters

MINUTE = timedelta(minutes=1)


@pytest.fixture
def registration(now):
    """For an exam with two problems whose block opens at `now` and closes two hours later."""
    block = factories.TimeBlockFactory(opens_at=now)
    for number in (1, 2):
        factories.ProblemFactory(exam=block.exam, number=number)
    return factories.RegistrationFactory(exam=block.exam, time_block=block)


def start(registration, now):
    return starting.start_paper(registration_id=registration.pk, now=now)


@pytest.mark.django_db
class TestStartPaper:
    def test_makes_one_blank_answer_for_each_problem(self, registration, now):
        started = start(registration, now)
        assert started.is_new
        answers = Answer.objects.filter(submission=started.submission).values_list(
            "number", "text", "revision"
        )
        assert list(answers.order_by("number")) == [(1, "", 0), (2, "", 0)]

    def test_fixes_deadline_and_grace(self, registration, now):
        registration.extra_minutes = 10
        registration.save()
        paper = start(registration, now + 30 * MINUTE).submission
        assert paper.deadline_at == now + 130 * MINUTE
        Exam.objects.update(grace_seconds=0)
        assert Submission.objects.get().grace_seconds == 30

    def test_a_personal_clock_counts_from_the_start(self, registration, now):
        Exam.objects.update(clock=ClockKind.PERSONAL, duration_minutes=45)
        assert start(registration, now + 5 * MINUTE).submission.deadline_at == now + 50 * MINUTE

    def test_again_is_the_same_paper(self, registration, now):
        first = start(registration, now)
        again = start(registration, now + timedelta(days=9))
        assert (again.submission, again.is_new) == (first.submission, False)

    def test_notes_the_first_start_of_the_exam_once(self, registration, now):
        start(registration, now)
        start(
            factories.RegistrationFactory(exam=registration.exam, time_block=registration.time_block),
            now + MINUTE,
        )
        assert Exam.objects.get().first_started_at == now

    @pytest.mark.parametrize(
        ("offset", "refusal"),
        [
            (-MINUTE, starting.NotOpen),
            (120 * MINUTE, starting.EntryClosed),
            (121 * MINUTE, starting.EntryClosed),
        ],
    )
    def test_is_refused_outside_entry(self, registration, now, offset, refusal):
        with pytest.raises(refusal):
            start(registration, now + offset)
        assert not Submission.objects.exists()

    def test_is_refused_after_the_last_entry(self, registration, now):
        registration.time_block.last_entry_at = now + 15 * MINUTE
        registration.time_block.save()
        with pytest.raises(starting.EntryClosed):
            start(registration, now + 15 * MINUTE)

    @pytest.mark.parametrize(
        ("status", "refusal"),
        [(ExamStatus.DRAFT, starting.NotOpen), (ExamStatus.CLOSED, starting.EntryClosed)],
    )
    def test_is_refused_unless_the_exam_is_ready(self, registration, now, status, refusal):
        Exam.objects.update(status=status)
        with pytest.raises(refusal):
            start(registration, now)

    def test_is_refused_for_an_exam_without_problems(self, now):
        registration = factories.RegistrationFactory()
        with pytest.raises(starting.NotOpen):
            start(registration, now)
        assert not Submission.objects.exists()

    def test_a_tester_starts_a_draft_early_with_the_full_time(self, registration, now):
        Exam.objects.update(status=ExamStatus.DRAFT)
        registration.tester = True
        registration.save()
        early = now - timedelta(days=3)
        paper = start(registration, early).submission
        assert paper.deadline_at == early + 120 * MINUTE
        assert Exam.objects.get().first_started_at is None

    def test_a_tester_is_refused_when_the_exam_is_closed(self, registration, now):
        Exam.objects.update(status=ExamStatus.CLOSED)
        registration.tester = True
        registration.save()
        with pytest.raises(starting.EntryClosed):
            start(registration, now)


@pytest.mark.django_db(transaction=True, databases=["default", "saves"])
def test_two_presses_at_once_start_one_paper(registration, now):
    racers = race(*[lambda: start(registration, now)] * 4)
    papers = {racer.result().submission.pk for racer in racers}
    assert len(papers) == 1
    assert Answer.objects.count() == 2


@pytest.mark.django_db(transaction=True, databases=["default", "saves"])
def test_a_start_waits_for_a_change_that_was_allowed_because_nobody_had_started(registration, now):
    with locked(Exam.objects.all()):
        starter = Racer(lambda: start(registration, now))
        starter.start()
        wait_for_waiters(1)
        factories.ProblemFactory(exam=registration.exam, number=3)
    paper = starter.result().submission
    assert Answer.objects.filter(submission=paper).count() == 3

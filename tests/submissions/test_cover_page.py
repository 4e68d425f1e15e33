"""The cover and the start, without scripts."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.exams.enums import ClockKind, ExamStatus
from apps.exams.models import Exam
from apps.submissions.models import Submission
from tests import factories
from tests.factories import NOW
from tests.submissions.conftest import text_of
from tests.support.entering import enter

pytestmark = pytest.mark.django_db


def statements_of(call):
    """How many SQL statements a call takes, BEGIN and COMMIT and their like aside."""
    with CaptureQueriesContext(connection) as queries:
        call()
    return sum(not query["sql"].startswith(("SAVEPOINT", "RELEASE")) for query in queries)


HOUR = timedelta(hours=1)


class TestCover:
    @pytest.mark.parametrize("count", [1, 3])
    def test_takes_two_statements_and_one_more_while_the_cache_is_cold(
        self, at, registration, count, django_assert_num_queries
    ):
        for _ in range(count):
            other = factories.ExamFactory(contest=registration.exam.contest)
            block = factories.TimeBlockFactory(exam=other)
            factories.RegistrationFactory(contestant=registration.contestant, exam=other, time_block=block)
        ana = at(NOW)
        for statements in (3, 2):  # who, the exams and papers; the content
            with django_assert_num_queries(statements):
                ana.get("/exam/")

    def test_early_the_paper_is_not_there_yet(self, at):
        shown = text_of(at(NOW - 2 * HOUR).get("/exam/"))
        assert "Your key is right. The paper opens Saturday 14 March, 15:00" in shown

    def test_open_it_can_be_started(self, at):
        response = at(NOW - HOUR).get("/exam/")
        assert 'data-testid="start"' in response.content.decode()

    def test_late_it_says_what_is_left(self, at):
        Exam.objects.update(clock=ClockKind.PERSONAL, duration_minutes=90)
        assert "If you start now you have 60 of 90 minutes" in text_of(at(NOW).get("/exam/"))

    def test_after_the_end_it_says_whom_to_tell(self, at, registration):
        shown = text_of(at(NOW + HOUR).get("/exam/"))
        assert "This paper closed at 17:00" in shown
        assert f"your number {registration.contestant.public_number}" in shown

    def test_a_draft_is_not_open(self, at):
        Exam.objects.update(status=ExamStatus.DRAFT)
        assert 'data-testid="start"' not in at(NOW).get("/exam/").content.decode()

    def test_other_exams_of_the_key_are_offered(self, at, registration):
        other = factories.ExamFactory(contest=registration.exam.contest, title="Second Round")
        block = factories.TimeBlockFactory(exam=other)
        factories.RegistrationFactory(contestant=registration.contestant, exam=other, time_block=block)
        assert "Second Round" in text_of(at(NOW).get("/exam/"))

    def test_practice_is_named(self, at, registration):
        registration.tester = True
        registration.save()
        assert "Practice: nothing here counts" in text_of(at(NOW).get("/exam/"))

    def test_the_words_extra_time_never_stand_there(self, at, registration):
        registration.extra_minutes = 30
        registration.save()
        client = at(NOW)
        client.post("/exam/start/")
        for path in ("/exam/", "/exam/paper/"):
            assert "extra" not in text_of(client.get(path)).lower()


class TestStart:
    def test_takes_the_same_few_statements_however_many_problems(self, client, at, registration):
        for number in range(3, 12):
            factories.ProblemFactory(exam=registration.exam, number=number)
        ana = at(NOW)
        assert statements_of(lambda: ana.post("/exam/start/")) == 5
        assert statements_of(lambda: ana.post("/exam/start/")) == 3  # who, the registration, the paper
        second = factories.RegistrationFactory(exam=registration.exam, time_block=registration.time_block)
        client.cookies.clear()
        enter(client, second)
        # Who; the registration; the paper; the answers. Only the first start is noted.
        assert statements_of(lambda: client.post("/exam/start/")) == 4
        blank = Submission.objects.get(registration=second).answers.values_list("number", "text", "revision")
        assert list(blank) == [(number, "", 0) for number in range(1, 12)]

    def test_leads_to_the_paper(self, at):
        assert at(NOW).post("/exam/start/").headers["Location"] == "/exam/paper/"
        assert Submission.objects.get().started_at == NOW

    @pytest.mark.parametrize(
        ("moment", "sentence"), [(NOW - 2 * HOUR, "not open yet"), (NOW + HOUR, "can no longer be started")]
    )
    def test_is_refused_outside_entry(self, at, moment, sentence):
        response = at(moment).post("/exam/start/")
        assert response.status_code == 409
        assert sentence in text_of(response)

    def test_needs_a_post(self, at):
        assert at(NOW).get("/exam/start/").status_code == 405

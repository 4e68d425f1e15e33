"""The paper and handing it in, without scripts."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.access.gate import cookie_here_name
from apps.access.models import AccessKey
from apps.exams.services.changing import Consent
from apps.exams.services.saving import save_exam
from apps.submissions.models import Answer, Receipt, Submission
from tests import factories
from tests.factories import NOW
from tests.submissions.conftest import text_of

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


class TestPaper:
    @pytest.fixture
    def ana(self, at):
        started = at(NOW)
        started.post("/exam/start/")
        return started

    def test_before_the_start_leads_to_the_cover(self, at):
        assert at(NOW).get("/exam/paper/").headers["Location"] == "/exam/"

    def test_shows_statements_and_hooks(self, ana):
        page = ana.get("/exam/paper/").content.decode()
        for hook in ("problem-1", "answer-2", "timer", "save-state", "submit"):
            assert f'data-testid="{hook}"' in page
        assert "What is six times seven?" in page

    def test_is_never_stored(self, ana):
        assert ana.get("/exam/paper/").headers["Cache-Control"] == "no-store, private"

    def test_opening_it_makes_this_page_the_writer(self, ana):
        ana.get("/exam/paper/")
        first = Submission.objects.get().writer
        ana.get("/exam/paper/")
        assert first != Submission.objects.get().writer

    @pytest.mark.parametrize("count", [1, 3])
    def test_takes_one_statement_and_one_more_while_the_cache_is_cold(
        self, at, registration, count, django_assert_num_queries
    ):
        for number in range(3, 3 + count):
            factories.ProblemFactory(exam=registration.exam, number=number)
        ana = at(NOW)
        ana.post("/exam/start/")
        with django_assert_num_queries(2):
            ana.get("/exam/paper/")
        with django_assert_num_queries(1):
            ana.get("/exam/paper/")

    def test_takes_one_statement_to_turn_anybody_away(self, at, django_assert_num_queries):
        ana = at(NOW)
        with django_assert_num_queries(1):
            assert ana.get("/exam/paper/").headers["Location"] == "/exam/"
        AccessKey.objects.update(epoch=2)
        with django_assert_num_queries(1):
            assert ana.get("/exam/paper/").headers["Location"] == "/?again=1"

    def test_whoever_has_not_said_whose_browser_it_is_takes_no_pen(self, ana):
        ana.get("/exam/paper/")
        before = Submission.objects.get().writer
        del ana.cookies[cookie_here_name()]
        assert ana.get("/exam/paper/").headers["Location"] == "/"
        assert Submission.objects.get().writer == before

    def test_an_edit_is_shown_at_once(self, ana, registration):
        ana.get("/exam/paper/")
        registration.exam.title = "Autumn Round"
        save_exam(exam=registration.exam, fields=["title"], actor=None, consent=Consent(True, "a typo"))
        assert "Autumn Round" in text_of(ana.get("/exam/paper/"))

    def test_another_exam_of_the_key_has_a_paper_of_its_own(self, ana, registration):
        other = factories.ExamFactory(contest=registration.exam.contest, slug="second", title="Second Round")
        factories.ProblemFactory(exam=other, number=1)
        block = factories.TimeBlockFactory(exam=other)
        factories.RegistrationFactory(contestant=registration.contestant, exam=other, time_block=block)
        ana.get("/exam/paper/")
        ana.post("/exam/choose/", {"exam": "second"})
        assert ana.get("/exam/paper/").headers["Location"] == "/exam/"
        ana.post("/exam/start/")
        assert "Second Round" in text_of(ana.get("/exam/paper/"))

    def test_after_the_end_leads_to_the_receipt(self, ana, at):
        assert at(NOW + 2 * HOUR).get("/exam/paper/").headers["Location"] == "/exam/receipt/"


class TestHandIn:
    @pytest.fixture
    def ana(self, at):
        started = at(NOW)
        started.post("/exam/start/")
        return started

    def test_asks_and_names_what_is_blank(self, ana):
        Answer.objects.filter(number=1).update(text="42", revision=1)
        shown = text_of(ana.get("/exam/submit/"))
        assert "Problem 2 is blank" in shown
        assert "You have 60 minutes" in shown

    def test_hands_in_and_shows_the_receipt(self, ana):
        response = ana.post("/exam/submit/", follow=True)
        receipt = Receipt.objects.get()
        assert receipt.code in text_of(response)
        assert ana.post("/exam/submit/").status_code == 302
        assert Receipt.objects.count() == 1

    def test_takes_three_statements(self, ana):
        for _ in range(2):  # who; the paper is closed and read; the receipt is written, or found
            with CaptureQueriesContext(connection) as queries:
                ana.post("/exam/submit/")
            assert sum(not query["sql"].startswith(("SAVEPOINT", "RELEASE")) for query in queries) == 3

    def test_the_question_and_the_receipt_take_two_statements(self, ana, django_assert_num_queries):
        ana.get("/exam/submit/")  # and one more while the cache is cold: the exam's content
        with django_assert_num_queries(2):  # who; the paper
            ana.get("/exam/submit/")
        ana.post("/exam/submit/")
        with django_assert_num_queries(2):  # who; the receipt
            ana.get("/exam/receipt/")

    def test_before_the_start_leads_to_the_cover(self, at):
        assert at(NOW).post("/exam/submit/").headers["Location"] == "/exam/"

    def test_is_refused_after_the_end(self, ana, at):
        response = at(NOW + 2 * HOUR).post("/exam/submit/")
        assert response.status_code == 409
        assert "Time is up" in text_of(response)

    def test_whom_time_closed_gets_the_receipt_by_itself(self, ana, at):
        soon = at(NOW + HOUR + timedelta(seconds=33)).get("/exam/receipt/")
        assert soon.headers["Refresh"] == "3"
        assert "Handed in for you at 17:00:00" in text_of(
            at(NOW + HOUR + timedelta(seconds=40)).get("/exam/receipt/")
        )

    def test_there_is_no_receipt_of_an_open_paper(self, ana):
        assert ana.get("/exam/receipt/").headers["Location"] == "/exam/paper/"

    def test_there_is_none_either_of_one_that_is_open_again(self, ana):
        ana.post("/exam/submit/")
        Submission.objects.update(submitted_at=None, submitted_by="", reopened_at=NOW)
        assert ana.get("/exam/receipt/").headers["Location"] == "/exam/paper/"

    def test_without_a_chosen_exam_leads_to_the_cover(self, at):
        assert at(NOW).get("/exam/receipt/").headers["Location"] == "/exam/"

    def test_anybody_may_check_a_receipt(self, ana):
        ana.post("/exam/submit/")
        ana.cookies.clear()
        code = Receipt.objects.get().code
        assert "This receipt is genuine" in text_of(ana.get(f"/receipts/{code}/"))
        assert ana.get("/receipts/AAAA-AAAA-AAAA/").status_code == 404
        assert ana.get("/receipts/AAAA-AAAA-AAAA/receipt.json").status_code == 404

"""The paper and handing it in, without scripts."""

from datetime import timedelta

import pytest

from apps.submissions.models import Answer, Receipt, Submission
from apps.submissions.views import paper as views
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

    def test_it_reads_the_answers_after_taking_the_pen(self, ana, monkeypatch):
        """Or a save of the page before, between the two, would be missing on this one."""
        writers = []
        read = views.get_paper

        def spy(**arguments):
            writers.append(Submission.objects.get().writer)
            return read(**arguments)

        before = Submission.objects.get().writer
        monkeypatch.setattr(views, "get_paper", spy)
        ana.get("/exam/paper/")
        assert before not in writers
        assert writers == [Submission.objects.get().writer]

    @pytest.mark.parametrize("count", [1, 3])
    def test_query_count_does_not_grow(self, at, registration, count, django_assert_num_queries):
        for number in range(3, 3 + count):
            factories.ProblemFactory(exam=registration.exam, number=number)
        ana = at(NOW)
        ana.post("/exam/start/")
        with django_assert_num_queries(4):  # who, the pen, the answers, the statements
            ana.get("/exam/paper/")

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

    def test_anybody_may_check_a_receipt(self, ana):
        ana.post("/exam/submit/")
        ana.cookies.clear()
        code = Receipt.objects.get().code
        assert "This receipt is genuine" in text_of(ana.get(f"/receipts/{code}/"))
        assert ana.get("/receipts/AAAA-AAAA-AAAA/").status_code == 404
        assert ana.get("/receipts/AAAA-AAAA-AAAA/receipt.json").status_code == 404

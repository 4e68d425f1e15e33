"""The sitting's pages, without scripts."""

import re
import uuid
from datetime import timedelta

import pytest
import time_machine

from apps.exams.enums import ClockKind, ExamStatus
from apps.exams.models import Exam
from apps.submissions.models import Answer, AnswerRevision, Receipt, Submission
from apps.submissions.views import paper as views
from tests import factories
from tests.factories import NOW
from tests.support.entering import enter

HOUR = timedelta(hours=1)
pytestmark = [pytest.mark.django_db]


@pytest.fixture
def registration():
    """Ana, for an exam with two problems; its block is open from an hour before `NOW` to an hour after."""
    block = factories.TimeBlockFactory(zone="Europe/Berlin")
    for number in (1, 2):
        factories.ProblemFactory(exam=block.exam, number=number)
    return factories.RegistrationFactory(exam=block.exam, time_block=block)


@pytest.fixture
def at(client, registration):
    """`at(moment).get(path)` as Ana at that moment."""
    travellers = []

    def travel(moment):
        for traveller in travellers:
            traveller.stop()
        traveller = time_machine.travel(moment, tick=False)
        traveller.start()
        travellers[:] = [traveller]
        return enter(client, registration)

    yield travel
    for traveller in travellers:
        traveller.stop()


def text_of(response):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


class TestCover:
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


class TestWhoMaySeeWhat:
    """No byte of an exam before it opens, and none of another's paper (RELIABILITY 40)."""

    CANARY = "canary-7c1f"

    @pytest.fixture
    def exam(self, registration):
        problem = registration.exam.problems.first()
        factories.StatementVersionFactory(
            problem=problem, version=2, source=self.CANARY, html=f"<p>{self.CANARY}</p>"
        )
        return registration.exam

    PATHS = ("/", "/exam/", "/exam/paper/", "/exam/submit/", "/exam/receipt/", "/exam/start/", "/exam/save/")

    def bytes_seen(self, client, figure):
        paths = [*self.PATHS, f"/exam/figures/{figure.public_id}/"]
        return b"".join(
            answer.content
            for path in paths
            for answer in (client.get(path), client.head(path), client.options(path), client.post(path))
        )

    def test_nothing_of_the_exam_before_it_opens(self, at, exam, client):
        figure = factories.FigureFactory(exam=exam, content=self.CANARY.encode())
        early = at(NOW - HOUR - timedelta(seconds=1))
        assert self.CANARY.encode() not in self.bytes_seen(early, figure)
        assert not Submission.objects.exists()
        opened = at(NOW - HOUR)
        assert self.CANARY.encode() in self.bytes_seen(opened, figure) + opened.get("/exam/paper/").content

    def test_a_figure_is_for_those_who_started_its_exam(self, at, exam, client):
        figure = factories.FigureFactory(exam=exam)
        path = f"/exam/figures/{figure.public_id}/"
        ana = at(NOW)
        assert ana.get(path).status_code == 404
        ana.post("/exam/start/")
        shown = ana.get(path)
        assert (shown.status_code, shown.headers["Content-Type"]) == (200, "image/svg+xml")
        assert "sandbox" in shown.headers["Content-Security-Policy"]
        stranger = factories.FigureFactory()
        assert ana.get(f"/exam/figures/{stranger.public_id}/").status_code == 404
        assert ana.get(f"/exam/figures/{uuid.uuid4()}/").status_code == 404

    def test_staff_see_the_figures_of_their_exams(self, client, exam):
        figure = factories.FigureFactory(exam=exam)
        staff = factories.ExamStaffFactory(exam=exam)
        client.force_login(staff.user)
        assert client.get(f"/exam/figures/{figure.public_id}/").status_code == 200
        client.force_login(factories.ExamStaffFactory().user)
        assert client.get(f"/exam/figures/{figure.public_id}/").status_code == 404

    @pytest.mark.parametrize("path", ["/exam/", "/exam/paper/", "/exam/submit/", "/exam/receipt/"])
    def test_without_a_key_everything_leads_to_the_entry(self, client, path):
        assert (
            client.get(path).headers["Location"].startswith("/?")
            or client.get(path).headers["Location"] == "/"
        )


@pytest.mark.django_db(transaction=True, databases=["default", "saves"])
class TestSavingWithoutScripts:
    """The paper is a real form; its saves go the same way as all others, by the database's clock."""

    @pytest.fixture
    def client(self, client, real_now):
        block = factories.TimeBlockFactory(opens_at=real_now - HOUR)
        for number in (1, 2):
            factories.ProblemFactory(exam=block.exam, number=number)
        registration = factories.RegistrationFactory(exam=block.exam, time_block=block)
        enter(client, registration).post("/exam/start/")
        return client

    def fields(self, client):
        page = client.get("/exam/paper/").content.decode()
        return dict(re.findall(r'name="((?:op|based_on)-\d|device)"\s+value="([^"]*)"', page))

    def test_saves_what_changed_and_says_so(self, client):
        response = client.post(
            "/exam/paper/", {**self.fields(client), "answer-1": "42", "answer-2": ""}, follow=True
        )
        assert "All saved" in text_of(response)
        assert Answer.objects.get(number=1).text == "42"
        assert AnswerRevision.objects.count() == 1

    def test_line_ends_are_kept_as_scripts_send_them(self, client):
        client.post("/exam/paper/", {**self.fields(client), "answer-1": "a\r\nb"})
        assert Answer.objects.get(number=1).text == "a\nb"

    def test_pressing_save_twice_keeps_it_once(self, client):
        fields = {**self.fields(client), "answer-1": "42"}
        client.post("/exam/paper/", fields)
        client.post("/exam/paper/", fields)
        assert AnswerRevision.objects.count() == 1

    def test_a_form_of_an_older_page_overwrites_nothing_and_shows_both(self, client):
        stale = {**self.fields(client), "answer-1": "stale"}
        client.post("/exam/paper/", {**self.fields(client), "answer-1": "newer"})
        response = client.post("/exam/paper/", stale)
        assert response.status_code == 409
        assert "stale" in text_of(response)
        assert Answer.objects.get(number=1).text == "newer"
        assert AnswerRevision.objects.get(state="conflict").text == "stale"

    def test_after_the_end_it_is_kept_apart_and_said_so(self, client, real_now):
        fields = {**self.fields(client), "answer-1": "late"}
        Submission.objects.update(started_at=real_now - 2 * HOUR, deadline_at=real_now - HOUR)
        response = client.post("/exam/paper/", fields)
        assert response.status_code == 403
        assert AnswerRevision.objects.get().state == "late"

    @pytest.mark.parametrize(
        "change", [{"answer-1": "x" * 20_001}, {"answer-1": "a\x00"}, {"answer-1": "x", "op-1": "?"}]
    )
    def test_what_cannot_be_saved_is_named(self, client, change):
        response = client.post("/exam/paper/", {**self.fields(client), **change})
        assert response.status_code == 422
        assert "Problem 1:" in text_of(response)
        assert not AnswerRevision.objects.exists()

    def test_a_missing_base_is_a_conflict(self, client):
        fields = self.fields(client)
        del fields["based_on-1"]
        assert client.post("/exam/paper/", {**fields, "answer-1": "x"}).status_code == 409

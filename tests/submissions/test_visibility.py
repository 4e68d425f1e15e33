"""Who may see what of an exam."""

import uuid
from datetime import timedelta

import pytest

from apps.submissions.models import Submission
from tests import factories
from tests.factories import NOW

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


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

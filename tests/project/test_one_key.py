"""One key in many browsers at one moment: one paper, and one page that writes."""

import uuid
from collections import Counter
from datetime import timedelta

import pytest
from django.test import Client

from apps.access.services.issuing import issue_anonymous_keys
from apps.exams.enums import ProblemKind
from apps.grading.management.rehearsal.pages import read_paper
from apps.submissions.models import Answer, AnswerRevision, Submission
from apps.submissions.services import opening
from tests import factories
from tests.support.racing import race

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "saves"])

AT_ONCE = 8
REPEATS = 20


@pytest.fixture
def exam(real_now):
    block = factories.TimeBlockFactory(opens_at=real_now - timedelta(hours=1))
    factories.ProblemFactory(exam=block.exam, number=1, kind=ProblemKind.INTEGER)
    return block.exam


def issue(exam, now):
    (issued,) = issue_anonymous_keys(exam_id=exam.pk, count=1, actor=None, now=now)
    return issued.key


def edit(text):
    return {"op": str(uuid.uuid4()), "number": 1, "text": text, "based_on": 0}


def batch(paper, text):
    return {"device": paper.device, "notices": 0, "edits": [edit(text)]}


# In one process, again and again.


def open_paper(key):
    """From the key to the page that may write."""
    client = Client()
    statuses = [client.post("/enter/", {"key": key}).status_code, client.post("/exam/start/").status_code]
    page = client.get("/exam/paper/")
    assert [*statuses, page.status_code] == [302, 302, 200]
    return read_paper(page.content.decode())


def save(paper):
    headers = {"Authorization": f"Bearer {paper.save_token}"}
    sent = batch(paper, paper.device)
    response = Client().post("/exam/save/", sent, content_type="application/json", headers=headers)
    assert response.status_code == 200
    told = response.json()
    return told["writer"], told["edits"][0]["state"]


def race_for_the_pen(key):
    """All open the paper at once, then all save at once: the pages, and what each save was told."""
    papers = [racer.result() for racer in race(*[lambda: open_paper(key) for _ in range(AT_ONCE)])]
    saves = race(*[lambda paper=paper: save(paper) for paper in papers])
    return papers, [racer.result() for racer in saves]


def test_one_page_writes_and_the_others_are_kept_beside_it(exam, real_now):
    for repeat in range(REPEATS):
        papers, told = race_for_the_pen(issue(exam, real_now))
        assert Counter(told) == {(True, "current"): 1, (False, "conflict"): AT_ONCE - 1}
        submission = Submission.objects.latest("pk")
        writing = papers[told.index((True, "current"))].device
        assert str(submission.writer) == writing
        assert Answer.objects.get(submission=submission).text == writing
        assert AnswerRevision.objects.filter(submission=submission).count() == AT_ONCE
        assert Submission.objects.count() == repeat + 1


def test_without_the_pen_every_page_would_write(exam, real_now, monkeypatch):
    """The control: opening takes nothing from the page before."""
    without = opening.OPEN.replace("set writer = %(page)s", "set writer = null")
    assert without != opening.OPEN
    monkeypatch.setattr(opening, "OPEN", without)
    _, told = race_for_the_pen(issue(exam, real_now))
    assert Counter(writer for writer, _ in told) == {True: AT_ONCE}

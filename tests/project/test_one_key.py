"""One key in many browsers at one moment: one paper, one page that writes, and nobody sees an error.

`BROWSERS` sets how many; 1,000 is the figure of a release.
"""

import asyncio
import os
import uuid
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client

from apps.access.services.issuing import issue_anonymous_keys
from apps.exams.enums import ProblemKind
from apps.grading.management.rehearsal.line import Line
from apps.grading.management.rehearsal.measures import Recorder
from apps.grading.management.rehearsal.pages import csrf_of, read_paper
from apps.submissions.models import Answer, AnswerRevision, Submission
from apps.submissions.services import opening
from tests import factories
from tests.support.racing import race
from tests.support.serving import database_url, gunicorn

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "saves"])

BROWSERS = int(os.environ.get("BROWSERS", "40"))
AT_ONCE = 8
REPEATS = 20
BUSY = 503  # with the time to come again: not an error, a request to wait


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


# Against the real server, many at once.


@dataclass
class Browser:
    line: Line
    key: str
    statuses: Counter = field(default_factory=Counter)

    async def insist(self, call):
        """Ask until the server is not busy; every answer is counted."""
        for _ in range(200):
            reply = await call()
            self.statuses[reply.status] += 1
            if reply.status != BUSY:
                return reply
            assert reply.wait > 0, "busy without the time to come again"
            await asyncio.sleep(reply.wait)
        raise AssertionError("busy for ever")

    async def post(self, path, page, **fields):
        sent = {"csrfmiddlewaretoken": csrf_of(page.text), **fields}
        return await self.insist(lambda: self.line.post_form(path, sent, action=path))

    async def get(self, path):
        return await self.insist(lambda: self.line.get(path, action=path))

    async def look_at_the_entry_page(self):
        self.page = await self.get("/")

    async def open_paper(self):
        await self.post("/enter/", self.page, key=self.key)
        cover = await self.get("/exam/")
        if 'id="start"' in cover.text:  # no other browser was faster
            await self.post("/exam/start/", cover)
        self.paper = read_paper((await self.get("/exam/paper/")).text)

    async def save(self):
        paper = self.paper
        sent = batch(paper, paper.device)
        reply = await self.insist(
            lambda: self.line.post_json(paper.save_url, sent, token=paper.save_token, action="save")
        )
        return reply.json["writer"], reply.json["edits"][0]["state"]


async def together(url, key):
    """The browsers, and what each one's save was told."""
    browsers = [Browser(Line(url, Recorder()), key) for _ in range(BROWSERS)]
    try:
        await asyncio.gather(*(browser.look_at_the_entry_page() for browser in browsers))
        await asyncio.gather(*(browser.open_paper() for browser in browsers))
        return browsers, await asyncio.gather(*(browser.save() for browser in browsers))
    finally:
        await asyncio.gather(*(browser.line.close() for browser in browsers))


def test_many_browsers_with_one_key_at_the_real_server(exam, real_now, collected, tmp_path):
    key = issue(exam, real_now)
    database = database_url(connection.settings_dict["NAME"])
    with gunicorn(database, tmp_path, STATIC_ROOT=str(collected)) as server:
        browsers, told = asyncio.run(together(f"http://127.0.0.1:{server.port}", key))
    answered = sum((browser.statuses for browser in browsers), Counter())
    print(f"{BROWSERS} browsers with one key: answers {dict(answered)}, saves {dict(Counter(told))}")  # noqa: T201
    assert set(answered) <= {200, 302, BUSY}
    assert Counter(told) == {(True, "current"): 1, (False, "conflict"): BROWSERS - 1}
    submission = Submission.objects.get()
    assert str(submission.writer) == browsers[told.index((True, "current"))].paper.device
    assert AnswerRevision.objects.count() == BROWSERS

"""Two contestants behind one cache: neither ever gets a byte of the other's."""

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from django.core.wsgi import get_wsgi_application
from django.test import Client

from apps.exams.models import TimeBlock
from apps.grading.enums import TaskStatus
from apps.grading.services.publishing import publish_results
from apps.submissions.models import Answer
from apps.submissions.services.starting import start_paper
from apps.submissions.services.submitting import submit_paper
from tests import factories
from tests.project.rights import token_headers
from tests.project.test_rights import cookies_of, token_of
from tests.support.entering import enter
from tests.support.shared_cache import SharedCache

# The whole application closes its connections between requests, which no open transaction outlives.
pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "saves"])

PAGES = (
    "/",
    "/exam/",
    "/exam/paper/",
    "/exam/submit/",
    "/exam/receipt/",
    "/exam/result/",
    "/exam/result/list/",
    "/nowhere/",
)
CALLS = ("/api/v1/me/", "/api/v1/me/paper/", "/api/v1/me/result/")
TURNS = 5


class Sitter:
    """One contestant, with words and secrets that are nobody else's."""

    def __init__(self, block, name):
        self.name = name
        self.registration = factories.RegistrationFactory(
            exam=block.exam, time_block=block, contestant__name=f"{name} Testperson"
        )
        self.browser = cookies_of(enter(Client(), self.registration))
        self.program = token_headers(token_of(self.registration))
        self.secrets = [name.encode()]

    def write(self, now):
        paper = start_paper(registration_id=self.registration.pk, now=now).submission
        answer = Answer.objects.get(submission=paper)
        Answer.objects.filter(pk=answer.pk).update(text=f"{self.name} wrote this", revision=1)
        factories.AnswerRevisionFactory(answer=answer, text=f"{self.name} wrote this")
        return paper, answer

    def owns(self, response):
        """How many bytes of theirs are in it."""
        told = response.body + str(response.headers).encode()
        return sum(told.count(secret) * len(secret) for secret in self.secrets)


class Room:
    """Two contestants at one exam, from before its opening until after the results."""

    def __init__(self):
        self.now = datetime.now(tz=UTC)
        self.exam = factories.ExamFactory(results="own")
        self.block = factories.TimeBlockFactory(exam=self.exam, opens_at=self.now + timedelta(hours=1))
        factories.ProblemFactory(exam=self.exam, number=1)
        self.sitters = [Sitter(self.block, name) for name in ("Quillfeather", "Sparrowhawk")]
        self.papers = []

    def phases(self):
        yield "before"
        TimeBlock.objects.update(opens_at=self.now - timedelta(hours=1))
        yield "open"
        self.papers = [sitter.write(self.now) for sitter in self.sitters]
        yield "writing"
        for sitter, (paper, _) in zip(self.sitters, self.papers, strict=True):
            receipt = submit_paper(submission_id=paper.pk, now=self.now)
            sitter.secrets += [receipt.code.encode()]
        yield "handed in"
        for _, answer in self.papers:
            grader = factories.UserFactory()
            task = factories.GradingTaskFactory(answer=answer, status=TaskStatus.SCORED, grader=grader)
            factories.ScoreFactory(task=task, grader=grader)
        publish_results(exam_id=self.exam.pk, actor=None, now=self.now)
        yield "published"


def alternate(cache):
    """What the two were told in all phases: pages, bytes of one's own, bytes of the other's."""
    room = Room()
    asked = own = foreign = 0
    for _ in room.phases():
        for _turn, path in product(range(TURNS), PAGES + CALLS):
            for sitter, other in (room.sitters, reversed(room.sitters)):
                credentials = sitter.program if path in CALLS else sitter.browser
                response = cache.get(path, **credentials)
                asked += 1
                own += sitter.owns(response)
                foreign += other.owns(response)
    return asked, own, foreign


@pytest.fixture(scope="module")
def application():
    return get_wsgi_application()


@pytest.mark.parametrize(
    "lost", [(), ("Cache-Control",), ("Vary",)], ids=["as sent", "without Cache-Control", "without Vary"]
)
def test_no_contestant_gets_a_byte_of_another(application, lost):
    """Each of the two headers is enough by itself: a cache that does not know one of them does no harm."""
    cache = SharedCache(application, lost=lost)
    asked, own, foreign = alternate(cache)
    assert asked == 550
    assert foreign == 0
    assert own > 4000
    assert bool(cache.hits) == (lost == ("Cache-Control",))


def test_a_cache_that_is_told_nothing_mixes_them_up(application):
    """Control: both headers lost on the way."""
    cache = SharedCache(application, lost=("Cache-Control", "Vary"))
    _, _, foreign = alternate(cache)
    assert cache.hits > 100
    assert foreign > 1000

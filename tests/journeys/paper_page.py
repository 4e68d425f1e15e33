"""A contestant at a paper: what they see and do in the browser, and what the server holds."""

import time
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta

from django.http import HttpResponse
from playwright.sync_api import Error, Locator, Page, expect

from apps.access import gate
from apps.access.models import AccessKey, Registration
from apps.exams.enums import ProblemKind
from apps.submissions.models import Answer, AnswerRevision, Submission
from tests import factories

SAVE = "**/exam/save/"
CHOICE, INTEGER, EXPRESSION, PROOF = 1, 2, 3, 4
KINDS = (ProblemKind.CHOICE, ProblemKind.INTEGER, ProblemKind.EXPRESSION, ProblemKind.PROOF)
READ_JOURNAL = """async () => {
  const opened = (request) => new Promise((done) => { request.onsuccess = () => done(request.result); });
  const database = await opened(indexedDB.open("examgrader"));
  const records = await opened(database.transaction("journal").objectStore("journal").getAll());
  database.close();
  return records.map((record) => ({ ...record, key: Boolean(record.key), sealed: Boolean(record.sealed) }));
}"""


def start_paper(*, seconds_left: float = 3600, grace_seconds: int = 30) -> Submission:
    """A started paper with one problem of each kind, and a valid key."""
    now = datetime.now(tz=UTC)
    block = factories.TimeBlockFactory(opens_at=now - timedelta(hours=1))
    registration = factories.RegistrationFactory(exam=block.exam, time_block=block)
    submission = factories.SubmissionFactory(
        registration=registration,
        started_at=now - timedelta(minutes=30),
        deadline_at=now + timedelta(seconds=seconds_left),
        grace_seconds=grace_seconds,
    )
    for number, kind in enumerate(KINDS, start=1):
        problem = factories.ProblemFactory(exam=block.exam, number=number, kind=kind, statement=None)
        labels = "ABC" if kind == ProblemKind.CHOICE else ""
        factories.StatementVersionFactory(
            problem=problem,
            choices=[{"label": label, "text": f"Choice {label}"} for label in labels],
            choices_html=[f"<p>Choice {label}</p>" for label in labels],
        )
        factories.AnswerFactory(submission=submission, problem=problem)
    factories.AccessKeyFactory(contestant=registration.contestant)
    return submission


class Contestant:
    """One contestant at one browser."""

    def __init__(self, page: Page, address: str, registration: Registration) -> None:
        self.context = page.context
        self.address = address
        self.registration = registration

    @property
    def key(self) -> AccessKey:
        return self.registration.contestant.keys.get()

    @property
    def submission(self) -> Submission:
        return Submission.objects.get(registration=self.registration)

    def sign_in(self) -> None:
        """Get the cookies that entering with the key leaves."""
        response = HttpResponse()
        gate.sign_in(
            response,
            key_id=self.key.pk,
            epoch=self.key.epoch,
            registration_id=self.registration.pk,
            now=datetime.now(tz=UTC),
        )
        self.context.add_cookies(
            [
                {"name": name, "value": morsel.value, "url": self.address}
                for name, morsel in response.cookies.items()
            ]
        )

    def open_paper(self) -> "PaperPage":
        opened = PaperPage(self.context.new_page(), self.submission)
        opened.page.goto(f"{self.address}/exam/paper/")
        opened.sees("saved")
        return opened

    @contextmanager
    def without_network(self):
        """Every save fails on its way to the server."""
        self.context.route(SAVE, lambda route: route.abort())
        yield
        self.context.unroute(SAVE)
        for page in self.context.pages:
            with suppress(Error):  # a page that waited for the network may be on its way elsewhere
                page.evaluate("dispatchEvent(new Event('online'))")

    @contextmanager
    def held_saves(self):
        """Saves wait in the list that this gives, to be answered by the test; at the end all go on."""
        held = []

        def hold(route):
            held.append(route)

        self.context.route(SAVE, hold)
        yield held
        for route in held:
            route.continue_()
        self.context.unroute(SAVE)

    @contextmanager
    def losing_responses(self):
        """The server takes every save, but its answer never comes back."""

        def lose(route):
            route.fetch()
            route.abort()

        self.context.route(SAVE, lose)
        yield
        self.context.unroute(SAVE)


class PaperPage:
    """The paper, open in one tab."""

    def __init__(self, page: Page, submission: Submission) -> None:
        self.page = page
        self.submission = submission

    def field(self, number: int = PROOF) -> Locator:
        return self.page.get_by_test_id(f"answer-{number}")

    def notice(self, name: str) -> Locator:
        return self.page.locator(f"[data-notice={name}]")

    def shows(self, name: str, words: str = "") -> None:
        expect(self.notice(name)).to_be_visible(timeout=8000)
        expect(self.notice(name)).to_contain_text(words)

    def writes(self, text: str, number: int = PROOF) -> None:
        self.field(number).fill(text)

    def chooses(self, label: str) -> None:
        self.field(CHOICE).locator(f"[value='{label}']").check()

    def sees(self, state: str, *, seconds: float = 8) -> None:
        """Wait until the page says so itself."""
        state_line = self.page.get_by_test_id("save-state")
        expect(state_line).to_have_attribute("data-state", state, timeout=seconds * 1000)

    def holds(self, text: str, number: int = PROOF) -> None:
        expect(self.field(number)).to_have_value(text)

    def waits_for(self, happened, *, seconds: float = 8) -> None:
        """Let the page go on until something has happened outside it."""
        end = time.monotonic() + seconds
        while not happened():
            assert time.monotonic() < end
            self.page.wait_for_timeout(50)

    def hears_from_the_server(self) -> None:
        """The next heartbeat, now: as when somebody looks at the page again."""
        self.page.evaluate("dispatchEvent(new Event('online'))")

    def is_locked(self) -> bool:
        return not self.field().is_editable()

    def journal(self) -> list[dict]:
        """What lies in the browser's own store."""
        return self.page.evaluate(READ_JOURNAL)

    def answer(self, number: int = PROOF) -> str:
        """The text that counts, on the server."""
        return Answer.objects.get(submission=self.submission, number=number).text

    def revisions(self, number: int = PROOF) -> list[tuple[str, str]]:
        """Everything the server ever took for this answer, in order of arrival."""
        kept = AnswerRevision.objects.filter(submission=self.submission, number=number).order_by("pk")
        return [(revision.text, revision.state) for revision in kept]

    def counted(self, number: int = PROOF) -> list[str]:
        """Every text that was the answer at some time, in order."""
        return [text for text, state in self.revisions(number) if state == "current"]


def signed_in(page: Page, live_server, registration: Registration) -> Contestant:
    """The contestant of a registration, at this browser."""
    sitting = Contestant(page, live_server.url, registration)
    sitting.sign_in()
    return sitting

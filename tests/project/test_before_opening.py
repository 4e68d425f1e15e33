"""No byte of an exam before it opens: all routes, asked one second before the opening and at it."""

import logging
from datetime import timedelta

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone
from rest_framework_simplejwt.tokens import AccessToken

from apps.access.models import Registration
from apps.exams import querysets
from apps.exams.enums import ExamStatus, ProblemKind, StaffRole
from apps.exams.gate.staff import HeldRole
from apps.exams.models import Exam, Figure
from tests import factories
from tests.factories.exams import SVG
from tests.project.rights import MISSING, TABLE, Objects, address, answer_to, read_table, token_headers
from tests.project.test_rights import cookies_of, token_of
from tests.support.entering import enter

pytestmark = pytest.mark.django_db

LINES = read_table(TABLE.read_text())
OPENING = factories.NOW
CANARY = "Zanzibar"  # part of every text of the exam that is its content
EARLY = (StaffRole.ORGANISER, StaffRole.LEAD_GRADER)
LATER = (StaffRole.GRADER, StaffRole.PROCTOR, StaffRole.OBSERVER)
OUTSIDE = ("anonymous", "nobody", "contestant", "elsewhere")
# What shows content to everybody with a role, from the opening on.
SHOWN = {
    "admin:exams_exam_preview",
    "admin:exams_exam_figures",
    "admin:exams_figure_changelist",
    "admin:exams_figure_change",
    "admin:exams_figure_history",
    "admin:exams_problem_change",
    "admin:exams_problem_versions",
    "submissions:figure",
    "api:problem",
    "api:problems",
}


@pytest.fixture(autouse=True)
def _quiet():
    logging.disable()  # some thousand refusals, each with its warning
    yield
    logging.disable(logging.NOTSET)


@pytest.fixture
def at(monkeypatch):
    """Set the clock."""
    return lambda moment: monkeypatch.setattr(timezone, "now", lambda: moment)


@pytest.fixture
def unopened(at):
    """An exam with a secret word in all of its content, and a contestant; nothing more is possible yet."""
    at(OPENING - timedelta(seconds=1))
    exam = factories.ExamFactory(title="Plain Round", slug="plain", instructions_html="<p>Bring a pen.</p>")
    block = factories.TimeBlockFactory(exam=exam, opens_at=OPENING)
    figure = factories.FigureFactory(
        exam=exam,
        name=f"{CANARY.lower()}.svg",
        content=SVG.replace(b"<circle", f"<title>{CANARY}</title><circle".encode()),
    )
    image = f'<img src="/exam/figures/{figure.public_id}/" alt="{CANARY} triangle">'
    problem = factories.ProblemFactory(
        exam=exam,
        number=1,
        kind=ProblemKind.CHOICE,
        accepted=[CANARY],
        solution=f"{CANARY} solution",
        solution_html=f"<p>{CANARY} solution {image}</p>",
        statement=None,
    )
    factories.StatementVersionFactory(
        problem=problem,
        source=f"{CANARY} statement",
        html=f"<p>{CANARY} statement {image}</p>",
        note=f"{CANARY} note",
        choices=[{"label": "A", "text": f"{CANARY} choice"}],
        choices_html=[f"{CANARY} choice"],
    )
    contestant = factories.ContestantFactory(contest=exam.contest)
    registration = factories.RegistrationFactory(exam=exam, contestant=contestant, time_block=block)
    key = factories.AccessKeyFactory(contestant=contestant)
    return Objects(
        MISSING,
        accesskey=key.pk,
        contestant=contestant.pk,
        drawing=figure.public_id,
        exam=exam.pk,
        examtype=1,
        figure=figure.pk,
        group=1,
        keybatch=key.batch_id,
        problem=problem.pk,
        receipt="none",
        registration=registration.pk,
        slug=exam.slug,
        user=1,
    )


def credentials_of(who, objects):
    """What the browser and the programs of a role in the exam, or of somebody outside, send."""
    if who == "anonymous":
        return {}, {}
    exam = Exam.objects.get(pk=objects["exam"])
    if who == "contestant":
        registration = Registration.objects.get(exam=exam)
        return cookies_of(enter(Client(), registration)), token_headers(token_of(registration))
    user = factories.UserFactory()
    if who == "elsewhere":
        factories.ExamStaffFactory(user=user, role=StaffRole.ORGANISER)
    elif who != "nobody":
        factories.ExamStaffFactory(user=user, exam=exam, role=who)
    client = Client()
    client.force_login(user, "django.contrib.auth.backends.ModelBackend")
    return cookies_of(client), token_headers(AccessToken.for_user(user))


def routes_that_tell(who, objects):
    """Every route, by every method of the table: where the answer holds the word, or the figure's address."""
    cookies, token = credentials_of(who, objects)
    secrets = (CANARY.lower(), str(objects["drawing"]))
    telling = set()
    for line in LINES:
        path = address(line, objects.values_for(line.kinds))
        with transaction.atomic():
            answer = answer_to(line.method, path, token if line.route.startswith("api:") else cookies)
            transaction.set_rollback(True)
        if any(secret in answer.body.replace(path, "").lower() for secret in secrets):
            telling.add(line.route)
    return telling


@pytest.mark.parametrize("who", [*OUTSIDE, *LATER])
def test_nothing_is_told_one_second_before_the_opening(unopened, who):
    assert routes_that_tell(who, unopened) == set()


@pytest.mark.parametrize("who", LATER)
def test_everybody_with_a_role_reads_from_the_opening_on(unopened, at, who):
    at(OPENING)
    more = {"admin:grading_classes", "admin:grading_class_score"} if who == StaffRole.GRADER else set()
    assert routes_that_tell(who, unopened) == SHOWN | more


def test_the_opening_opens_nothing_to_staff_of_another_exam(unopened, at):
    at(OPENING)
    assert routes_that_tell("elsewhere", unopened) == set()


@pytest.mark.parametrize("who", EARLY)
def test_who_makes_or_leads_reads_before_the_opening(unopened, who):
    assert routes_that_tell(who, unopened) >= SHOWN


def test_a_draft_stays_a_secret_whatever_its_times_are(unopened, at):
    """Somebody forgot to set it ready: nobody can have seen it."""
    Exam.objects.filter(pk=unopened["exam"]).update(status=ExamStatus.DRAFT)
    at(OPENING + timedelta(hours=1))
    assert routes_that_tell(StaffRole.GRADER, unopened) == set()


def test_the_first_time_block_opens_it(unopened, at):
    """Who sat in an early block talks about it: from then on it is no secret among the staff."""
    exam = Exam.objects.get(pk=unopened["exam"])
    factories.TimeBlockFactory(exam=exam, opens_at=OPENING + timedelta(days=1))
    staff = factories.ExamStaffFactory(exam=exam, role=StaffRole.PROCTOR)
    for moment, may in ((OPENING - timedelta(seconds=1), False), (OPENING, True)):
        at(moment)
        asked_anew = type(staff.user).objects.get(pk=staff.user.pk)
        assert asked_anew.has_perm("exams.read_content", exam) is may
        assert Exam.objects.readable_by(asked_anew, now=moment).filter(pk=exam.pk).exists() is may


# Controls: with the guard off, the crawl finds every page.


def test_the_crawl_notices_rows_without_the_guard(unopened, monkeypatch):
    def everything_visible(self, user, *, now):
        return self.visible_to(user)

    monkeypatch.setattr(querysets.ExamQuerySet, "readable_by", everything_visible)
    told = routes_that_tell(StaffRole.OBSERVER, unopened)
    assert {"admin:exams_problem_change", "admin:exams_figure_change", "submissions:figure"} <= told


def test_the_crawl_notices_pages_without_the_guard(unopened, monkeypatch):
    monkeypatch.setattr(HeldRole, "may", lambda self, permission: permission != "exams.edit_exam")
    told = routes_that_tell(StaffRole.OBSERVER, unopened)
    assert {"admin:exams_exam_preview", "admin:exams_problem_versions", "api:problems"} <= told


def test_the_word_stands_in_the_figure_too(unopened):
    assert CANARY.encode() in bytes(Figure.objects.get(pk=unopened["figure"]).content)

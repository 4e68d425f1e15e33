"""The content security policy in a real browser: every page of every role, and not one complaint.

What stands in the pages of all roles is looked at in tests/project/test_headers.py; here their scripts run.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.db import OperationalError
from django.test import Client, override_settings
from django.urls import reverse
from playwright.sync_api import expect

from apps.access.models import Registration
from apps.core.markup.statements import render_statement
from apps.exams.enums import ResultsPolicy, StaffRole
from apps.exams.models import Exam, Problem, StatementVersion, TimeBlock
from apps.exams.services.uploading import keep_upload
from apps.submissions.models import Submission
from examgrader import health
from tests import factories
from tests.exams.papers import SVG, YAML
from tests.journeys import policy_walk
from tests.journeys.paper_page import Contestant, PaperPage
from tests.journeys.policy_walk import DOORS, FOR_ALL, IMPORT, NO_PAGE, SITTING, Walk
from tests.journeys.stage import issue_keys, set_exam
from tests.journeys.test_contestant import grade_everything
from tests.project.rights import OF_OWN, address, make_objects, site_wide_objects, walk_routes
from tests.support.confirming import confirm
from tests.support.static_files import served, served_files

CONSOLE = policy_walk.lines_of_the_console("superuser")
PASSWORD = "correct horse battery"
SUBMIT = "document.querySelector('main form').submit()"
FORMULA = r"Half of $\frac{x^2}{3}$ and $$\sum_{k=1}^n k^2$$"


@pytest.fixture
def walk(open_page, collected, complaints):
    with served_files(collected), served() as origin:
        yield Walk(open_page(base_url=origin), origin)
    complaints.clear()  # the walk notes them itself


def be_staff(walk, user):
    """The browser gets the session of a user whose password was typed a moment ago."""
    client = Client()
    client.force_login(user, "django.contrib.auth.backends.ModelBackend")
    confirm(client)
    cookie = client.cookies["console"]
    walk.page.context.clear_cookies()
    walk.page.context.add_cookies([{"name": "console", "value": cookie.value, "url": walk.origin}])


# -- Nothing is left out --


def test_every_page_is_walked_or_has_its_reason():
    walked = {line.route for line in CONSOLE} | DOORS | {IMPORT} | SITTING | FOR_ALL
    assert policy_walk.routes_to_walk() == walked
    known = {route for route, _ in walk_routes()}
    assert set(NO_PAGE) <= known - walked


def test_a_new_route_has_to_be_walked(monkeypatch):
    """Control: the table with one more line."""
    lines = policy_walk.lines()
    cover = next(line for line in lines if line.route == "submissions:cover")
    monkeypatch.setattr(policy_walk, "lines", lambda: [*lines, replace(cover, route="submissions:new")])
    assert policy_walk.routes_to_walk() - SITTING >= {"submissions:new"}


# -- The walks --


@pytest.fixture
def objects(transactional_db):
    """An exam with one row of everything, formulas in all texts, and results withdrawn and new."""
    objects, receipt = make_objects(OF_OWN)
    objects |= site_wide_objects(receipt)
    factories.PublicationFactory(exam_id=objects["exam"], number=2)
    html = render_statement(FORMULA, figure_url=lambda name: None).html
    StatementVersion.objects.update(html=html, renderer="newer")
    Problem.objects.update(solution=FORMULA, solution_html=html)
    Exam.objects.update(instructions=FORMULA, instructions_html=html, results=ResultsPolicy.PUBLIC)
    return objects


def test_no_page_of_the_console_is_complained_about(walk, objects):
    user = factories.UserFactory(is_superuser=True)
    be_staff(walk, user)
    for line in CONSOLE:
        walk.visit(address(line, objects.values_for(line.kinds)))
    figures = {"triangle.svg": SVG}
    upload = keep_upload(
        name="exam.yaml", data=YAML.encode(), figures=figures, actor=user, now=datetime.now(tz=UTC)
    )
    walk.visit(reverse(IMPORT, args=[upload.pk]))
    assert walk.complaints == []
    assert walk.routes == {line.route for line in CONSOLE} | {IMPORT}


@pytest.mark.parametrize("role", StaffRole.values)
def test_no_page_of_a_role_is_complained_about(walk, objects, role):
    """What a role may only read is built otherwise than for a superuser, who may write everything."""
    staff = factories.ExamStaffFactory(exam_id=objects["exam"], role=role)
    be_staff(walk, staff.user)
    for line in policy_walk.lines_of_the_console(role):
        if line.route.endswith(("index", "changelist", "change", "desk", "score", "classes", "preview")):
            walk.visit(address(line, objects.values_for(line.kinds)))
    assert walk.complaints == []
    assert walk.routes >= {"admin:index", "admin:exams_exam_change", "admin:exams_problem_change"}


def test_no_door_of_the_console_is_complained_about(walk, transactional_db, settings):
    settings.REQUIRE_OTP = True
    user = factories.UserFactory(username="gauss", is_superuser=True)
    user.set_password(PASSWORD)
    user.save()
    walk.visit("/console/login/")
    walk.page.get_by_label("Username:").fill("gauss")
    walk.page.get_by_label("Password:").fill(PASSWORD)
    walk.press(SUBMIT, "/console/second-step/device/")
    walk.press(SUBMIT, "/console/second-step/device/")
    user.totpdevice_set.create(name="device", key="0123456789" * 4)
    walk.visit("/console/second-step/")
    settings.REQUIRE_OTP = False
    walk.visit("/console/access/accesskey/issue/")
    expect(walk.page.get_by_role("heading", name="Please type your password again")).to_be_visible()
    walk.press("document.querySelector('#logout-form').submit()", "/console/logout/")
    for _ in range(5):
        walk.page.goto(f"{walk.origin}/console/login/")
        walk.page.get_by_label("Username:").fill("gauss")
        walk.page.get_by_label("Password:").fill("wrong")
        walk.page.get_by_label("Password:").press("Enter")
    expect(walk.page.get_by_role("heading", name="Locked for a while")).to_be_visible()
    assert walk.complaints == []
    assert walk.routes >= DOORS


def test_no_page_of_a_contestant_is_complained_about(walk, transactional_db):
    walk.visit("/")
    walk.page.get_by_test_id("access-key").fill("AAAA")
    walk.press(SUBMIT, "/enter/", status=422)
    exam = set_exam(opens_in=3600, results="public")
    issue_keys(exam)
    registration = Registration.objects.get(exam=exam)
    other = factories.TimeBlockFactory(exam__contest=exam.contest, opens_at=datetime.now(tz=UTC))
    factories.RegistrationFactory(exam=other.exam, time_block=other, contestant=registration.contestant)
    sitting = Contestant(walk.page, walk.origin, registration)
    sitting.sign_in()
    walk.visit("/")
    walk.visit("/exam/")
    expect(walk.page.get_by_test_id("timer")).not_to_be_empty()
    walk.visit("/exam/result/")
    now = datetime.now(tz=UTC)
    TimeBlock.objects.filter(exam=exam).update(opens_at=now - timedelta(minutes=1))
    walk.visit("/exam/")
    walk.press("document.querySelector('[data-testid=start]').click()", "/exam/paper/")
    write(PaperPage(walk.page, sitting.submission))
    for path in ("/exam/submit/", "/exam/", "/exam/paper/", "/exam/submit/"):
        walk.visit(path)
    walk.press(SUBMIT, "/exam/receipt/")
    walk.visit("/exam/")
    walk.visit("/exam/result/")
    receipt = sitting.submission.receipts.get()
    walk.visit(f"/receipts/{receipt.code}/")
    walk.visit("/receipts/unknown/", status=404)
    grade_everything(exam)
    for path in ("/exam/result/", "/exam/result/list/", f"/results/{exam.slug}/", "/exam/"):
        walk.visit(path)
    assert walk.complaints == []
    assert walk.routes >= SITTING


def write(paper):
    """Something for each kind; the formulas are drawn by a script that is fetched only now."""
    paper.sees("saved")
    paper.chooses("B")
    paper.writes("-7", 2)
    paper.writes("d^2/2", 3)
    paper.writes("Let $2a+1$ and $2b+1$ be odd.")
    paper.sees("saved")
    expect(paper.page.get_by_test_id("problem-3").locator(".katex").first).to_be_visible()


def test_no_page_about_a_closed_paper_is_complained_about(walk, transactional_db):
    exam = set_exam()
    issue_keys(exam)
    registration = Registration.objects.get(exam=exam)
    sitting = Contestant(walk.page, walk.origin, registration)
    sitting.sign_in()
    walk.visit("/exam/")
    walk.press("document.querySelector('[data-testid=start]').click()", "/exam/paper/")
    walk.visit("/exam/submit/")
    now = datetime.now(tz=UTC)
    Submission.objects.update(started_at=now - timedelta(hours=2), deadline_at=now - timedelta(seconds=31))
    walk.visit("/exam/receipt/")
    walk.visit("/exam/")
    registration.contestant.keys.update(revoked_at=now, revoked_reason="Lost")
    walk.press("location.reload()", "/")
    assert walk.complaints == []


def test_the_description_of_the_api_is_not_complained_about(walk, transactional_db):
    walk.visit("/api/v1/docs/")
    walk.page.get_by_text("Enter with an access key").click()
    expect(walk.page.get_by_text("unknown_key").first).to_be_visible()
    assert walk.complaints == []


def test_no_error_page_is_complained_about(walk, transactional_db, monkeypatch):
    walk.visit("/nowhere/", status=404)
    walk.visit("/")
    walk.page.context.clear_cookies()
    walk.press(SUBMIT, "/enter/", status=403)
    expect(walk.page.get_by_role("heading", name="This page was open too long")).to_be_visible()
    be_staff(walk, factories.UserFactory())
    walk.visit("/console/exams/exam/", status=403)
    walk.visit("/console/nothing/", status=404)
    for error, status in ((RuntimeError("broken"), 500), (OperationalError("away"), 503)):

        def broken(error=error):
            raise error

        monkeypatch.setattr(health, "database_state", broken)
        walk.visit("/readyz", status=status)
    with override_settings(ALLOWED_HOSTS=["elsewhere.example"]):
        walk.visit("/", status=400)
    assert walk.complaints == []


# -- Controls --


def test_the_walk_notices_what_is_planted_in_a_page(walk, transactional_db):
    planted = (
        "<script>window.planted = 1</script><p style='color: red' onclick='planted = 2'>red</p>"
        "<img src='/none.png' alt=''><img src='https://elsewhere.example/none.png' alt=''></body>"
    )

    def plant(route):
        response = route.fetch()
        route.fulfill(response=response, body=response.text().replace("</body>", planted))

    walk.page.route(f"{walk.origin}/", plant)
    walk.visit("/")
    noted = "\n".join(walk.complaints)
    assert walk.page.evaluate("window.planted") is None
    assert all(word in noted for word in ("script-src", "style-src", "img-src", "404"))

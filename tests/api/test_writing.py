"""Making and changing exams through the API: the same services and refusals as in the console."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.db import IntegrityError
from rest_framework_simplejwt.tokens import AccessToken

from apps.exams.api.tree import EXAMPLE
from apps.exams.enums import StaffRole
from apps.exams.models import Exam, ExamStaff, Problem, StatementVersion, TimeBlock
from apps.exams.services import saving
from tests import factories

pytestmark = pytest.mark.django_db

BLOCK = {
    "name": "Asia",
    "opens_at": "2026-03-14T10:00:00+01:00",
    "closes_at": "2026-03-14T12:00:00Z",
}
PROBLEM = {
    "number": 2,
    "kind": "choice",
    "max_points": "3.5",
    "statement": "Which is even?",
    "choices": [{"label": "A", "text": "$1$"}, {"label": "B", "text": "$2$"}],
    "accepted": ["B"],
    "solution": "It is *two*.",
}


@pytest.fixture
def exam():
    exam = factories.ExamFactory()
    factories.TimeBlockFactory(exam=exam, name="Europe")
    factories.ProblemFactory(exam=exam, number=1)
    return exam


@pytest.fixture
def user(exam):
    return factories.ExamStaffFactory(exam=exam, role=StaffRole.ORGANISER).user


@pytest.fixture
def token(user):
    return str(AccessToken.for_user(user))


@pytest.fixture
def started(exam, now):
    Exam.objects.update(first_started_at=now)


@pytest.fixture
def change(call, exam, token):
    """`change("PATCH", "problems/1/", body)` within the exam."""
    return lambda method, path="", body=None: call(method, f"exams/{exam.pk}/{path}", token, body)


# Making an exam.


def test_an_exam_is_made_of_the_tree_that_a_file_holds(call, user, token):
    status, refused = call("POST", "exams/", token, EXAMPLE)
    assert (status, refused["code"]) == (403, "forbidden")
    user.user_permissions.add(Permission.objects.get(codename="add_exam"))
    status, made = call("POST", "exams/", token, EXAMPLE)
    assert (status, made["slug"], made["status"]) == (201, "spring-2026", "ready")
    assert [block["name"] for block in made["time_blocks"]] == ["Europe"]
    assert ExamStaff.objects.get(exam_id=made["id"], user=user).role == StaffRole.ORGANISER
    (problem,) = call("GET", f"exams/{made['id']}/problems/", token)[1]["results"]
    assert problem["statement"] == EXAMPLE["problems"][0]["statement"]
    status, refused = call("POST", "exams/", token, EXAMPLE)
    assert (status, refused["code"]) == (409, "exam_exists")


def test_every_fault_of_a_tree_is_told_with_its_place(call):
    token = str(AccessToken.for_user(factories.UserFactory(is_superuser=True)))
    tree = {**EXAMPLE, "zone": "Mars", "slugg": "x", "problems": [{**PROBLEM, "accepted": ["\0"]}]}
    before = Exam.objects.count()
    status, refused = call("POST", "exams/", token, tree)
    assert (status, refused["code"]) == (400, "invalid_exam_file")
    places = {error["place"] for error in refused["errors"]}
    assert places == {"zone", "slugg", "problems[0].accepted[0]"}
    assert all(error["message"] for error in refused["errors"])
    assert Exam.objects.count() == before


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ("", "invalid_exam_file"),
        ("[" * 100_000, "invalid_exam_file"),
        ('{"slug": "a", "slug": "b"}', "invalid_exam_file"),
        ('{"title": "\\ud800"}', "invalid_exam_file"),
        ("[]", "invalid_exam_file"),
        (b"\xff", "invalid_exam_file"),
    ],
)
def test_what_is_no_tree_is_refused(client, sent, code):
    token = AccessToken.for_user(factories.UserFactory(is_superuser=True))
    headers = {"Authorization": f"Bearer {token}"}
    response = client.post("/api/v1/exams/", sent, content_type="application/json", headers=headers)
    assert (response.status_code, response.json()["code"]) == (400, code)


def test_numbers_of_a_tree_are_taken_as_they_are_written(client):
    token = AccessToken.for_user(factories.UserFactory(is_superuser=True))
    sent = '{"format": "examgrader/1", "slug": "x", "title": 7, "zone": "UTC", "problems": [{"number": 1,'
    sent += '"kind": "proof", "max_points": 0.10, "statement": "Prove it."}]}'
    headers = {"Authorization": f"Bearer {token}"}
    response = client.post("/api/v1/exams/", sent, content_type="application/json", headers=headers)
    assert response.status_code == 201
    assert str(Problem.objects.get().max_points) == "0.10"


# Changing it.


def test_members_of_an_exam_are_changed_and_no_others(change, exam):
    status, changed = change("PATCH", "", {"title": " Autumn Round ", "instructions": "Write *neatly*."})
    assert (status, changed["title"], changed["version"]) == (200, "Autumn Round", 2)
    exam.refresh_from_db()
    assert "<em>neatly</em>" in exam.instructions_html
    assert exam.slug == changed["slug"]
    assert change("PATCH", "", {}) == (200, changed)


@pytest.mark.parametrize(
    ("body", "code", "place"),
    [
        ({"titel": "x"}, "invalid", "titel"),
        ({"status": "closed"}, "invalid", "status"),
        ({"title": ""}, "invalid", "title"),
        ({"title": 5}, "invalid", "title"),
        ({"grace_seconds": "5"}, "invalid", "grace_seconds"),
        ({"grace_seconds": True}, "invalid", "grace_seconds"),
        ({"grace_seconds": 601}, "invalid", "grace_seconds"),
        ({"blind": "yes"}, "invalid", "blind"),
        ({"clock": "slow"}, "invalid", "clock"),
        ({"slug": "a b"}, "invalid", "slug"),
        ({"title": "\ud800"}, "invalid", "title"),
        ({"\ud800": 1}, "invalid", "\ud800"),
        ({"zone": "Mars"}, "invalid_values", "zone"),
        ({"clock": "personal"}, "invalid_values", "together"),
        ({"slug": "taken"}, "invalid_values", "slug"),
        ({"instructions": "$x"}, "invalid_values", "instructions"),
    ],
)
def test_values_that_an_exam_cannot_have(change, exam, body, code, place):
    factories.ExamFactory(slug="taken")
    before = Exam.objects.filter(pk=exam.pk).values().get()
    status, refused = change("PATCH", "", body)
    assert (status, refused["code"], list(refused["errors"])) == (400, code, [place])
    assert Exam.objects.filter(pk=exam.pk).values().get() == before


def test_a_problem_is_added_changed_and_removed(change, exam):
    status, added = change("POST", "problems/", PROBLEM)
    assert (status, added["max_points"], added["choices"]) == (201, "3.5", PROBLEM["choices"])
    assert "<em>two</em>" in added["solution_html"]
    assert added["statement_version"] == 1
    status, changed = change("PATCH", "problems/2/", {"statement": "Which is odd?", "accepted": ["A"]})
    assert (status, changed["statement_version"], changed["accepted"]) == (200, 2, ["A"])
    assert changed["choices"] == PROBLEM["choices"]
    assert change("PATCH", "problems/2/", {"number": 5})[1]["number"] == 5
    assert change("GET", "problems/5/")[1]["statement"] == "Which is odd?"
    assert change("GET", "problems/2/")[0] == 404
    assert change("DELETE", "problems/5/") == (204, None)
    assert list(exam.problems.values_list("number", flat=True)) == [1]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"number": 1}, "invalid_values"),
        ({"max_points": "0"}, "invalid_values"),
        ({"max_points": "1e3"}, "invalid"),
        ({"max_points": 3}, "invalid"),
        ({"statement": " \n"}, "invalid"),
        ({"statement": "$x"}, "invalid_values"),
        ({"solution": "$x"}, "invalid_values"),
        ({"choices": []}, "invalid_choices"),
        ({"choices": [{"label": "A", "text": "$x"}, {"label": "B", "text": "y"}]}, "invalid_values"),
        ({"choices": [{"label": "A", "text": "x", "right": True}]}, "invalid"),
        ({"accepted": ["C"]}, "invalid_choices"),
        ({"not_counted": True}, "invalid_values"),
        ({"id": 7}, "invalid"),
        ({"exam": 7}, "invalid"),
        ({"first_scored_at": None}, "invalid"),
    ],
)
def test_a_problem_that_cannot_be(change, body, code):
    before = Problem.objects.count(), StatementVersion.objects.count()
    status, refused = change("POST", "problems/", {**PROBLEM, **body})
    assert (status, refused["code"]) == (400, code)
    assert (Problem.objects.count(), StatementVersion.objects.count()) == before


def test_a_problem_with_a_testers_answer_stays(change, exam):
    factories.AnswerFactory(problem=exam.problems.get(), submission__registration__exam=exam)
    status, refused = change("DELETE", "problems/1/")
    assert (status, refused["code"]) == (409, "problem_in_use")


def test_a_time_block_is_added_changed_and_removed(change, exam):
    status, added = change("POST", "time-blocks/", BLOCK)
    assert (status, added["zone"], added["opens_at"]) == (201, exam.zone, "2026-03-14T09:00:00Z")
    path = f"time-blocks/{added['id']}/"
    assert change("PATCH", path, {"zone": "Asia/Tokyo", "name": "Japan"})[1]["zone"] == "Asia/Tokyo"
    assert change("GET", path)[1]["name"] == "Japan"
    assert change("DELETE", path) == (204, None)
    assert change("GET", path)[0] == 404
    exam.refresh_from_db()
    assert exam.version == 4


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"opens_at": "2026-03-14T10:00:00"}, "invalid"),
        ({"opens_at": "2026-02-30T10:00:00Z"}, "invalid"),
        ({"opens_at": "0001-01-01T00:00:00+14:00"}, "invalid"),
        ({"opens_at": 5}, "invalid"),
        ({"closes_at": BLOCK["opens_at"]}, "invalid_values"),
        ({"last_entry_at": "2026-03-15T12:00:00Z"}, "invalid_values"),
        ({"zone": "Mars"}, "invalid_values"),
        ({"name": "Europe"}, "invalid_values"),
    ],
)
def test_a_time_block_that_cannot_be(change, body, code):
    status, refused = change("POST", "time-blocks/", {**BLOCK, **body})
    assert (status, refused["code"]) == (400, code)
    assert TimeBlock.objects.count() == 1


def test_a_time_block_with_somebody_in_it_stays(change, exam):
    block = exam.time_blocks.get()
    factories.RegistrationFactory(exam=exam, time_block=block)
    status, refused = change("DELETE", f"time-blocks/{block.pk}/")
    assert (status, refused["code"]) == (409, "time_block_in_use")


# Once somebody has started (ADR 0011).


@pytest.mark.parametrize(
    ("method", "path", "body", "kind"),
    [
        ("PATCH", "", {"slug": "other"}, "exam.slug"),
        ("POST", "problems/", PROBLEM, "problem.added"),
        ("DELETE", "problems/1/", None, "problem.removed"),
        ("PATCH", "problems/1/", {"kind": "proof", "accepted": []}, "problem.kind"),
        ("POST", "status/", {"status": "draft"}, "exam.draft"),
    ],
)
def test_some_changes_are_refused_whatever_one_says(change, started, method, path, body, kind):
    if body and path != "status/":
        body = {**body, "confirm": True, "reason": "I must"}
    status, refused = change(method, path, body)
    assert (status, refused["code"]) == (409, "change_refused")
    assert [(one["change"], one["verdict"]) for one in refused["objections"]] == [(kind, "refuse")]
    assert refused["objections"][0]["why"]


@pytest.mark.parametrize(
    ("path", "body", "kind"),
    [
        ("", {"instructions": "New."}, "exam.instructions"),
        ("problems/1/", {"statement": "What is 6 by 7?"}, "statement.text"),
        ("problems/1/", {"max_points": "8"}, "problem.max_points"),
        ("time-blocks/{block}/", {"closes_at": "2026-03-14T20:00:00Z"}, "block.closes_at"),
    ],
)
def test_others_ask_for_a_consent_and_its_reason(change, exam, started, path, body, kind):
    path = path.format(block=exam.time_blocks.get().pk)
    for consent in ({}, {"confirm": True}, {"reason": "a misprint"}, {"confirm": True, "reason": " "}):
        status, refused = change("PATCH", path, {**body, **consent})
        assert (status, refused["code"]) == (409, "change_unconfirmed"), consent
        assert [(one["change"], one["verdict"]) for one in refused["objections"]] == [(kind, "ask")]
    status, changed = change("PATCH", path, {**body, "confirm": True, "reason": "a misprint"})
    assert status == 200
    assert body.items() <= changed.items()


def test_a_time_block_goes_with_a_consent_in_the_address(change, started):
    block = factories.TimeBlockFactory(exam=Exam.objects.get())
    path = f"time-blocks/{block.pk}/"
    assert change("DELETE", path)[1]["code"] == "change_unconfirmed"
    assert change("DELETE", f"{path}?confirm=yes")[1]["code"] == "invalid"
    assert change("DELETE", f"{path}?confirm=true&reason=nobody%20comes") == (204, None)


# Its status.


def test_an_exam_is_closed_and_made_ready(change, exam, real_now):
    status, refused = change("POST", "status/", {"status": "ready"})
    assert (status, refused["code"]) == (409, "exam_incomplete")
    assert refused["missing"]
    TimeBlock.objects.update(closes_at=real_now + timedelta(hours=1))
    assert change("POST", "status/", {"status": "ready"})[1]["status"] == "ready"
    assert change("POST", "status/", {"status": "draft"})[1]["status"] == "draft"
    status, refused = change("POST", "status/", {"status": "closed"})
    assert (status, refused["code"]) == (409, "still_running")
    body = {"status": "closed", "confirm": True, "reason": "called off"}
    assert change("POST", "status/", body)[1]["status"] == "closed"


# At the same moment.


def test_a_slug_taken_since_it_was_checked_is_told(change, monkeypatch):
    def taken(**_):
        raise IntegrityError

    monkeypatch.setattr(saving, "save_exam", taken)
    status, refused = change("PATCH", "", {"slug": "other"})
    assert (status, refused["code"]) == (409, "taken_meanwhile")


def test_a_problem_removed_since_it_was_read_is_missing(change, monkeypatch):
    def gone(**_):
        raise Problem.DoesNotExist

    monkeypatch.setattr(saving, "remove_problem", gone)
    assert change("DELETE", "problems/1/")[0] == 404


def test_a_body_that_is_too_large_is_refused(change, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    status, refused = change("PATCH", "", {"instructions": "x" * 200})
    assert (status, refused["code"]) == (413, "too_large")

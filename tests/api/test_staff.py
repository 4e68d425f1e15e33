"""Exams, keys and results through the API, by role."""

from datetime import timedelta

import pytest
from rest_framework_simplejwt.tokens import AccessToken, RefreshToken

from apps.access.models import AccessKey
from apps.exams.enums import StaffRole
from apps.grading.models import GradingTask, Publication
from apps.grading.services.queueing import create_grading_tasks
from tests import factories

pytestmark = pytest.mark.django_db

EVERYBODY = set(StaffRole.values)


@pytest.fixture
def exam():
    exam = factories.ExamFactory()
    factories.TimeBlockFactory(exam=exam, name="Europe")
    factories.ProblemFactory(exam=exam, number=1, max_points=7, accepted=["42"])
    return exam


@pytest.fixture
def token_of(exam):
    """A token of somebody with a role in the exam, or in another one."""

    def make(role, exam=exam):
        return str(AccessToken.for_user(factories.ExamStaffFactory(exam=exam, role=role).user))

    return make


@pytest.fixture
def organiser(token_of):
    return token_of(StaffRole.ORGANISER)


CALLS = [
    ("GET", "", None, EVERYBODY, 200),
    ("GET", "problems/", None, EVERYBODY, 200),
    ("GET", "time-blocks/", None, EVERYBODY, 200),
    ("POST", "keys/", {"count": 1, "time_block": "Europe"}, {StaffRole.ORGANISER}, 201),
    ("POST", "keys/revoke/", {"ids": [1], "reason": "x"}, {StaffRole.ORGANISER}, 400),
    ("GET", "results/", None, {StaffRole.ORGANISER}, 200),
    ("POST", "publications/", {}, {StaffRole.ORGANISER}, 409),
    ("POST", "publications/1/withdraw/", {"reason": "x"}, {StaffRole.ORGANISER}, 404),
]


@pytest.mark.parametrize(("method", "path", "body", "allowed", "status"), CALLS)
def test_who_may_do_what(call, exam, token_of, method, path, body, allowed, status):
    factories.AnswerFactory(problem=exam.problems.get(), submission__registration__exam=exam)  # not scored
    for role in StaffRole.values:
        answered, _ = call(method, f"exams/{exam.pk}/{path}", token_of(role), body)
        assert (role, answered) == (role, status if role in allowed else 403)


@pytest.mark.parametrize(("method", "path", "body"), [case[:3] for case in CALLS])
def test_anothers_exam_is_missing(call, exam, token_of, method, path, body):
    stranger = token_of(StaffRole.ORGANISER, factories.ExamFactory())
    anothers = call(method, f"exams/{exam.pk}/{path}", stranger, body)
    missing = call(method, f"exams/999999/{path}", stranger, body)
    assert anothers[0] == 404
    assert anothers == missing


def test_only_staff_tokens_of_active_staff_open_anything(call, exam):
    user = factories.ExamStaffFactory(exam=exam).user
    token = str(AccessToken.for_user(user))
    assert call("GET", "exams/", token)[0] == 200
    for unfit in ("x", str(RefreshToken.for_user(user)), None):
        assert call("GET", "exams/", unfit)[0] == 401
    type(user).objects.update(is_staff=False)
    assert call("GET", "exams/", token)[0] == 403
    type(user).objects.update(is_staff=True, is_active=False)
    status, refused = call("GET", "exams/", token)
    assert (status, refused["code"]) == (401, "signed_out")


def test_a_session_opens_nothing_here(call, admin_client, exam):
    assert admin_client.get("/api/v1/exams/").status_code == 401


def test_exams_come_in_pages_with_their_blocks(call, exam, organiser):
    factories.ExamFactory()
    status, page = call("GET", "exams/", organiser)
    assert status == 200
    assert (page["count"], page["next"], page["previous"]) == (1, None, None)
    (shown,) = page["results"]
    assert (shown["id"], shown["slug"], shown["clock"]) == (exam.pk, exam.slug, "common")
    assert shown["time_blocks"][0]["opens_at"].endswith("Z")
    assert call("GET", f"exams/{exam.pk}/", organiser)[1] == shown
    (block,) = call("GET", f"exams/{exam.pk}/time-blocks/", organiser)[1]["results"]
    assert (block["name"], block["zone"]) == ("Europe", exam.zone)


def test_problems_are_told_with_points_as_text(call, exam, organiser):
    (problem,) = call("GET", f"exams/{exam.pk}/problems/", organiser)[1]["results"]
    assert (problem["number"], problem["max_points"], problem["accepted"]) == (1, "7", ["42"])
    assert problem["statement_html"].startswith("<p>")


def test_a_page_that_is_none_is_a_problem(call, organiser):
    assert call("GET", "exams/?page=7", organiser)[1]["code"] == "not_found"


def test_keys_are_told_once_and_revoked_by_id(call, exam, organiser):
    status, issued = call("POST", f"exams/{exam.pk}/keys/", organiser, {"count": 2})
    assert status == 201
    assert AccessKey.objects.filter(batch=issued["batch"]).count() == len(issued["keys"]) == 2
    assert call("POST", "token/key/", body={"key": issued["keys"][0]["key"]})[0] == 200
    ids = [key["id"] for key in issued["keys"]]
    path = f"exams/{exam.pk}/keys/revoke/"
    assert call("POST", path, organiser, {"ids": ids, "reason": "lost"}) == (200, {"revoked": 2})
    assert call("POST", path, organiser, {"ids": ids, "reason": "lost"}) == (200, {"revoked": 0})
    assert call("POST", "token/key/", body={"key": issued["keys"][0]["key"]})[1]["code"] == "key_replaced"


def test_keys_for_registrations(call, exam, organiser):
    registration = factories.RegistrationFactory(exam=exam)
    path, body = f"exams/{exam.pk}/keys/", {"registrations": [registration.pk]}
    status, issued = call("POST", path, organiser, body)
    assert (status, issued["keys"][0]["number"]) == (201, registration.contestant.public_number)
    status, refused = call("POST", path, organiser, body)
    assert (status, refused["code"]) == (409, "nobody_without_key")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "invalid_values"),
        ([], "invalid"),
        ({"count": 1, "registrations": [1]}, "invalid_values"),
        ({"count": 0}, "invalid"),
        ({"count": 10**9}, "invalid"),
        ({"count": "x"}, "invalid"),
        ({"count": "1"}, "invalid"),
        ({"count": 1, "id": 1}, "invalid"),
        ({"registrations": [999_999]}, "registration_unknown"),
        ({"registrations": [10**30]}, "registration_unknown"),
        ({"registrations": []}, "key_count_out_of_range"),
        ({"count": 1, "time_block": "Mars"}, "time_block_unclear"),
    ],
)
def test_keys_that_cannot_be_issued(call, exam, organiser, body, code):
    status, refused = call("POST", f"exams/{exam.pk}/keys/", organiser, body)
    assert (status, refused["code"]) == (400, code)
    assert not AccessKey.objects.exists()


def test_results_are_published_told_and_withdrawn(call, exam, organiser, now):
    paper = factories.SubmissionFactory(
        registration__exam=exam, started_at=now - timedelta(hours=2), deadline_at=now - timedelta(hours=1)
    )
    answer = factories.AnswerFactory(submission=paper, problem=exam.problems.get(), text="42", revision=1)
    path = f"exams/{exam.pk}/publications/"
    create_grading_tasks(exam_id=exam.pk, now=now)
    status, refused = call("POST", path, organiser, {})
    assert (status, refused["code"]) == (409, "work_unfinished")
    assert refused["missing"]
    task = GradingTask.objects.get(answer=answer)
    GradingTask.objects.update(status="scored", grader=factories.UserFactory())
    factories.ScoreFactory(task=task)
    status, published = call("POST", path, organiser, {})
    assert (status, published["number"]) == (201, 1)
    (result,) = call("GET", f"exams/{exam.pk}/results/", organiser)[1]["results"]
    number = paper.registration.contestant.public_number
    assert (result["rank"], result["number"], result["total"]) == (1, number, "7")
    assert call("POST", f"{path}2/withdraw/", organiser, {"reason": "x"})[0] == 404
    assert call("POST", f"{path}1/withdraw/", organiser, {"reason": ""})[0] == 400
    status, withdrawn = call("POST", f"{path}1/withdraw/", organiser, {"reason": "a wrong key"})
    assert (status, withdrawn["withdrawn_reason"]) == (200, "a wrong key")
    assert Publication.objects.get().withdrawn_at is not None
    assert call("GET", f"exams/{exam.pk}/results/", organiser)[1]["results"] == []


@pytest.mark.parametrize("count", [1, 3])
def test_query_counts_do_not_grow(client, django_assert_num_queries, count):
    user = factories.UserFactory(is_staff=True)
    for _ in range(count):
        exam = factories.ExamStaffFactory(user=user, role=StaffRole.ORGANISER).exam
        factories.TimeBlockFactory(exam=exam)
    for number in range(2, 2 + count):
        factories.ProblemFactory(exam=exam, number=number)
    headers = {"Authorization": f"Bearer {AccessToken.for_user(user)}"}
    with django_assert_num_queries(4):
        client.get("/api/v1/exams/", headers=headers)
    for path in ("problems/", "time-blocks/", "results/"):
        with django_assert_num_queries(5):
            client.get(f"/api/v1/exams/{exam.pk}/{path}", headers=headers)

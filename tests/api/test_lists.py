"""Lists in pages, with filters; and how many calls a program may make."""

import pytest
from rest_framework_simplejwt.tokens import AccessToken

from apps.core import breaker
from apps.exams.api.base import ExpensiveCalls, StaffCalls
from apps.exams.enums import ProblemKind, StaffRole
from apps.grading.models import Result
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def user():
    return factories.UserFactory()


@pytest.fixture
def exam(user):
    """One of two, with three problems, two time blocks and three results."""
    exam = factories.ExamStaffFactory(user=user, role=StaffRole.ORGANISER, exam__slug="spring").exam
    factories.ExamStaffFactory(user=user, role=StaffRole.ORGANISER, exam__slug="autumn", exam__status="draft")
    for number in (1, 2, 3):
        kind = ProblemKind.PROOF if number == 3 else ProblemKind.INTEGER
        factories.ProblemFactory(exam=exam, number=number, kind=kind)
    for name in ("Asia", "Europe"):
        factories.TimeBlockFactory(exam=exam, name=name)
    publication = factories.PublicationFactory(exam=exam)
    for number, status, division in ((1, "ranked", "A"), (2, "ranked", "B"), (3, "absent", "A")):
        ranked = {"rank": number, "total": 7} if status == "ranked" else {"rank": None, "total": None}
        Result.objects.create(
            publication=publication,
            registration=factories.RegistrationFactory(exam=exam),
            number=number,
            status=status,
            division=division,
            problems=[],
            **ranked,
        )
    return exam


@pytest.fixture
def fetch(call, user, exam):
    token = str(AccessToken.for_user(user))
    return lambda path: call("GET", path.format(exam=exam.pk), token)


@pytest.mark.parametrize(
    ("path", "member", "found"),
    [
        ("exams/", "slug", ["autumn", "spring"]),
        ("exams/?status=draft", "slug", ["autumn"]),
        ("exams/?slug=spring", "slug", ["spring"]),
        ("exams/?slug=spring&status=draft", "slug", []),
        ("exams/{exam}/problems/?kind=integer", "number", [1, 2]),
        ("exams/{exam}/problems/?number=2", "number", [2]),
        ("exams/{exam}/time-blocks/?name=Asia", "name", ["Asia"]),
        ("exams/{exam}/results/?status=absent", "number", ["0003"]),
        ("exams/{exam}/results/?division=A", "number", ["0001", "0003"]),
        ("exams/{exam}/results/?number=2", "number", ["0002"]),
        ("exams/{exam}/results/?school=nowhere", "number", []),
        ("exams/{exam}/results/?page=2&page_size=2", "number", ["0003"]),
    ],
)
def test_a_filter_chooses(fetch, path, member, found):
    status, page = fetch(path)
    assert status == 200
    assert [row[member] for row in page["results"]] == found


LISTS = (
    "exams/",
    "exams/{exam}/problems/",
    "exams/{exam}/time-blocks/",
    "exams/{exam}/results/",
    "grading/tasks/",
)


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("color=red", "color"),
        ("page=x", "page"),
        ("page=0", "page"),
        ("page=last", "page"),
        ("page=-1", "page"),
        ("page=1&page=1", "page"),
        ("page_size=501", "page_size"),
        ("page_size=", "page_size"),
        ("id__gt=1", "id__gt"),
    ],
)
def test_a_filter_that_is_none_is_told_by_its_name(fetch, path, query, name):
    status, refused = fetch(f"{path}?{query}")
    assert (status, refused["code"], list(refused["errors"])) == (400, "invalid", [name])


@pytest.mark.parametrize(
    "query", ["status=open", "exam=x", "problem=1.5", "reading=0", "exam=%00", "exam=99999999999999999999"]
)
def test_a_bad_value_is_told_by_its_filter(fetch, query):
    path = "exams/" if query.startswith("status") else "grading/tasks/"
    status, refused = fetch(f"{path}?{query}")
    assert (status, list(refused["errors"])) == (400, [query.partition("=")[0]])


@pytest.mark.parametrize("path", LISTS)
def test_beyond_the_last_page_is_nothing(fetch, path):
    status, refused = fetch(f"{path}?page=9")
    assert (status, refused["code"]) == (404, "not_found")


def test_pages_lead_to_one_another(fetch, client, user):
    first = fetch("exams/{exam}/problems/?page_size=2")[1]
    assert (first["count"], len(first["results"]), first["previous"]) == (3, 2, None)
    response = client.get(first["next"], headers={"Authorization": f"Bearer {AccessToken.for_user(user)}"})
    assert [row["number"] for row in response.json()["results"]] == [3]


@pytest.mark.usefixtures("within_a_minute")
def test_a_program_in_a_loop_is_told_when_to_go_on(client, user, exam, monkeypatch):
    monkeypatch.setattr(StaffCalls.counter, "limit", 3)
    headers = {"Authorization": f"Bearer {AccessToken.for_user(user)}"}
    answers = [client.get("/api/v1/exams/", headers=headers) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
    assert answers[-1].json()["code"] == "throttled"
    assert answers[-1].headers["Content-Type"] == "application/problem+json"
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 60
    colleague = factories.ExamStaffFactory(exam=exam, role=StaffRole.GRADER).user
    headers = {"Authorization": f"Bearer {AccessToken.for_user(colleague)}"}
    assert client.get("/api/v1/exams/", headers=headers).status_code == 200


@pytest.mark.usefixtures("within_a_minute")
def test_calls_that_cost_seconds_are_counted_for_themselves(call, user, exam, monkeypatch):
    monkeypatch.setattr(ExpensiveCalls.counter, "limit", 1)
    token = str(AccessToken.for_user(user))
    path = f"exams/{exam.pk}/publications/"
    assert call("POST", path, token)[0] != 429
    assert call("POST", path, token)[0] == 429
    assert call("GET", "exams/", token)[0] == 200


@pytest.mark.usefixtures("within_a_minute")
def test_without_redis_calls_are_counted_in_the_process(call, user, exam, monkeypatch):
    resting = breaker.Breaker(rest_seconds=60)
    resting.rest()
    monkeypatch.setattr(breaker, "redis", resting)
    monkeypatch.setattr(StaffCalls.counter, "limit", 1)
    StaffCalls.counter.remembered.clear()
    token = str(AccessToken.for_user(user))
    assert [call("GET", "exams/", token)[0] for _ in range(2)] == [200, 429]

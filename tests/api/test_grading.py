"""Grading through the API."""

import pytest
from rest_framework_simplejwt.tokens import AccessToken

from apps.exams.enums import ProblemKind, StaffRole
from apps.grading.models import GradingTask, Score
from apps.grading.services.queueing import create_grading_tasks
from apps.submissions.models import Answer, Submission
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def exam(now):
    """A closed exam: three papers, two problems."""
    exam = factories.ExamFactory()
    problems = [
        factories.ProblemFactory(
            exam=exam, number=1, kind=ProblemKind.INTEGER, max_points=7, accepted=["42"]
        ),
        factories.ProblemFactory(exam=exam, number=2, kind=ProblemKind.PROOF, max_points=7),
    ]
    for _ in range(3):
        paper = factories.SubmissionFactory(
            registration__exam=exam, submitted_at=now, submitted_by="contestant"
        )
        for problem in problems:
            answer = factories.AnswerFactory(submission=paper, problem=problem, text="$x^2$", revision=1)
            factories.AnswerRevisionFactory(answer=answer, text=answer.text)
    create_grading_tasks(exam_id=exam.pk, now=now)
    return exam


@pytest.fixture
def token_of(exam):
    def make(role=StaffRole.GRADER, exam=exam):
        return str(AccessToken.for_user(factories.ExamStaffFactory(exam=exam, role=role).user))

    return make


@pytest.fixture
def grader(token_of):
    return token_of()


@pytest.fixture
def task(call, exam, grader):
    return call("POST", "grading/tasks/next/", grader, {"exam": exam.pk, "problem": 2})[1]


def score_of(task, **changes):
    body = {"points": "6", "comment": "good", "note": "", "based_on": 0}
    return body | {"answer_revision": task["answer"]["revision"]} | changes


def test_a_task_as_the_contract_has_it(call, exam, task):
    blind_code = GradingTask.objects.get(pk=task["id"]).answer.submission.blind_code
    assert task["exam"] == exam.pk
    assert (task["problem"]["number"], task["problem"]["max_points"]) == (2, "7")
    assert (task["blind_code"], task["reading"], task["status"]) == (blind_code, 1, "claimed")
    assert (task["answer"]["revision"], task["answer"]["text"], task["answer"]["pages"]) == (1, "$x^2$", [])
    assert "katex" in task["answer"]["html"]
    assert task["score"] is None
    assert task["claimed_until"].endswith("Z")
    assert {"statement_html", "accepted", "solution_html"} <= task["problem"].keys()


def test_scoring_goes_through_the_queue(call, exam, grader):
    seen = set()
    for _ in range(6):
        task = call("POST", "grading/tasks/next/", grader, {"exam": exam.pk})[1]
        seen.add(task["id"])
        status, score = call("POST", f"grading/tasks/{task['id']}/score/", grader, score_of(task))
        assert (status, score["version"], score["points"]) == (201, 1, "6")
    assert len(seen) == 6
    assert call("POST", "grading/tasks/next/", grader, {"exam": exam.pk}) == (204, None)
    scored = call("GET", f"grading/tasks/?exam={exam.pk}&problem=2&status=scored", grader)[1]
    assert scored["count"] == 3
    assert {one["score"]["comment"] for one in scored["results"]} == {"good"}


def test_the_same_score_sent_again_is_recorded_once(call, grader, task):
    path = f"grading/tasks/{task['id']}/score/"
    first = call("POST", path, grader, score_of(task))
    assert call("POST", path, grader, score_of(task)) == first
    assert Score.objects.count() == 1


def test_a_conflict_shows_both(call, grader, task):
    path = f"grading/tasks/{task['id']}/score/"
    call("POST", path, grader, score_of(task))
    status, refused = call("POST", path, grader, score_of(task, points="3", note="mine"))
    assert (status, refused["code"]) == (409, "score_conflict")
    assert refused["yours"] == {"points": "3", "comment": "good", "note": "mine"}
    assert refused["current"] == {"points": "6", "comment": "good", "note": "", "version": 1}
    assert call("POST", path, grader, score_of(task, points="3", based_on=1))[0] == 201


@pytest.mark.parametrize(
    "points", ["8", "-1", "NaN", "inf", "1e1", "6.125", "٥", "", "x", "1_0", "0x1", "1e309"]
)
def test_points_that_are_none_are_refused(call, grader, task, points):
    status, refused = call(
        "POST", f"grading/tasks/{task['id']}/score/", grader, score_of(task, points=points)
    )
    assert status == 400
    assert refused["code"] in {"invalid_points", "invalid"}
    assert not Score.objects.exists()


def test_an_answer_that_changed_is_told(call, grader, task):
    Answer.objects.update(revision=2)
    status, refused = call("POST", f"grading/tasks/{task['id']}/score/", grader, score_of(task))
    assert (status, refused["code"]) == (409, "answer_changed")


def test_an_open_paper_is_not_scored(call, grader, task):
    Submission.objects.update(submitted_at=None, submitted_by="", deadline_at="2100-01-01T00:00:00Z")
    status, refused = call("POST", f"grading/tasks/{task['id']}/score/", grader, score_of(task))
    assert (status, refused["code"]) == (403, "paper_open")


def test_who_does_not_hold_it_cannot_score_it(call, token_of, task):
    status, refused = call("POST", f"grading/tasks/{task['id']}/score/", token_of(), score_of(task))
    assert (status, refused["code"]) == (403, "not_claimed")


def test_giving_back(call, exam, grader, task):
    path = f"grading/tasks/{task['id']}/surrender/"
    assert call("POST", path, grader, {}) == (204, None)
    assert call("POST", path, grader, {})[1]["code"] == "not_claimed"
    again = call("POST", "grading/tasks/next/", grader, {"exam": exam.pk, "problem": 2})[1]
    assert again["id"] != task["id"]


def test_another_exam_is_missing(call, exam, token_of, task):
    stranger = token_of(exam=factories.ExamFactory())
    assert call("GET", "grading/tasks/", stranger)[1]["count"] == 0
    assert call("GET", f"grading/tasks/?exam={exam.pk}", stranger)[1]["count"] == 0
    assert call("POST", "grading/tasks/next/", stranger, {"exam": exam.pk})[0] == 404
    for act, body in (("score", score_of(task)), ("surrender", {})):
        anothers = call("POST", f"grading/tasks/{task['id']}/{act}/", stranger, body)
        assert anothers == call("POST", f"grading/tasks/999999/{act}/", stranger, body)
        assert anothers[0] == 404


@pytest.mark.parametrize("body", [{}, {"exam": "x"}, {"exam": 0}, [], {"exam": 1, "problem": "x"}])
def test_a_wish_that_is_none(call, exam, grader, body):
    assert call("POST", "grading/tasks/next/", grader, body)[1]["code"] == "invalid"


def test_a_problem_that_is_not_there(call, exam, grader):
    assert call("POST", "grading/tasks/next/", grader, {"exam": exam.pk, "problem": 9})[0] == 404


@pytest.mark.parametrize("query", ["exam=x", "status=lost", "problem=1.5"])
def test_filters_that_are_none(call, exam, grader, query):
    assert call("GET", f"grading/tasks/?{query}", grader)[1]["code"] == "invalid"


def test_nothing_names_a_contestant(call, exam, grader):
    assert "Kovač" not in str(call("GET", "grading/tasks/", grader))


@pytest.mark.parametrize("count", [1, 3])
def test_query_count_does_not_grow(client, exam, grader, count, django_assert_num_queries):
    headers = {"Authorization": f"Bearer {grader}"}
    with django_assert_num_queries(6):
        client.get(f"/api/v1/grading/tasks/?page_size={count}", headers=headers)


def test_query_counts_of_claiming_and_scoring(client, exam, grader, task, django_assert_num_queries):
    headers = {"Authorization": f"Bearer {grader}"}
    json = {"content_type": "application/json", "headers": headers}
    with django_assert_num_queries(8):
        client.post("/api/v1/grading/tasks/next/", {"exam": exam.pk}, **json)
    score = {"points": "3", "based_on": 0, "answer_revision": task["answer"]["revision"]}
    with django_assert_num_queries(9):
        assert client.post(f"/api/v1/grading/tasks/{task['id']}/score/", score, **json).status_code == 201

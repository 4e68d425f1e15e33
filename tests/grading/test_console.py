"""The graders' pages: who may open them, what they show, and what they never show."""

import pytest
from django.urls import reverse

from apps.exams.enums import StaffRole
from apps.grading.enums import TaskStatus
from apps.grading.models import GradingTask, Score
from tests import factories

pytestmark = pytest.mark.django_db

CANARIES = {
    "contestant__name": "CANARY-NAME",
    "contestant__external_id": "CANARY-ID",
    "contestant__team": "CANARY-TEAM",
    "contestant__room": "CANARY-ROOM",
    "contestant__number": 987654,
}


def pages_of(exam, task, problem):
    return {
        "get": [
            reverse("admin:grading_desk", args=[exam.pk]),
            reverse("admin:grading_mine", args=[exam.pk]),
            reverse("admin:grading_score", args=[task]),
        ],
        "post": [
            reverse("admin:grading_next", args=[exam.pk]),
            reverse("admin:grading_queue", args=[exam.pk]),
            reverse("admin:grading_class_score", args=[exam.pk, problem.pk]),
            reverse("admin:grading_score", args=[task]),
            reverse("admin:grading_claim", args=[task]),
            reverse("admin:grading_surrender", args=[task]),
            reverse("admin:grading_refer", args=[task]),
            reverse("admin:grading_undo", args=[task]),
            reverse("admin:grading_ahead", args=[exam.pk]),
            reverse("admin:grading_release", args=[exam.pk]),
        ],
    }


@pytest.mark.parametrize(
    ("role", "elsewhere", "status"),
    [
        (StaffRole.GRADER, True, 404),
        (StaffRole.LEAD_GRADER, True, 404),
        (StaffRole.ORGANISER, False, 403),
        (StaffRole.PROCTOR, False, 403),
        (StaffRole.OBSERVER, False, 403),
    ],
)
def test_pages_are_for_the_exams_graders_only(client, staff, exam, task, problems, role, elsewhere, status):
    other = factories.ExamFactory() if elsewhere else None
    client.force_login(staff(role, in_exam=other))
    for method, pages in pages_of(exam, task, problems[0]).items():
        for page in pages:
            assert getattr(client, method)(page).status_code == status, page
    assert not Score.objects.exists()
    assert GradingTask.objects.get(pk=task).status == TaskStatus.OPEN


def test_pages_of_a_missing_exam_or_answer_are_404(desk, client, problems):
    for method, pages in pages_of(factories.ExamFactory.build(pk=0), 0, problems[0]).items():
        for page in pages:
            assert getattr(client, method)(page).status_code == 404, page


def test_whatever_changes_something_is_post_only(desk, client, exam, task, problems):
    for page in pages_of(exam, task, problems[0])["post"]:
        if not page.endswith("/score/"):
            assert client.get(page).status_code == 405


def test_opening_pages_changes_nothing(desk, client, exam, held):
    before = list(GradingTask.objects.order_by("pk").values())
    for page in pages_of(exam, held, factories.ProblemFactory.build(pk=1))["get"]:
        assert client.get(page).status_code == 200
    assert list(GradingTask.objects.order_by("pk").values()) == before


def test_contestants_appear_by_blind_code_only(desk, client, hand_in, exam, problems):
    paper = hand_in(
        "42",
        "",
        **CANARIES,
        contestant__school=factories.SchoolFactory(name="CANARY-SCHOOL", code="CANARY-CODE"),
    )
    client.post(reverse("admin:grading_queue", args=[exam.pk]))
    task = GradingTask.objects.get(problem=problems[0]).pk
    desk.claim(task)
    factories.ScoreFactory(task_id=task, task=None, points=1)
    pages = [
        desk.open(task),
        desk.score(task),  # the conflict page
        desk.score(task, points="99", based_on=1),
        client.get(desk.page),
        client.get(reverse("admin:grading_desks"), follow=True),
        client.get(reverse("admin:index")),
        client.get(reverse("admin:grading_gradingtask_changelist")),
        client.get(reverse("admin:grading_gradingtask_change", args=[task]), follow=True),
        client.get(reverse("admin:grading_gradingtask_history", args=[task]), follow=True),
    ]
    for page in pages:
        text = page.content.decode()
        assert "CANARY" not in text
        assert "987654" not in text
    assert paper.blind_code in pages[0].content.decode()
    # Nor can one be found by what one knows of them, whatever the organiser chose.
    for known in CANARIES.values():
        found = client.get(reverse("admin:grading_gradingtask_changelist"), {"q": known})
        assert "0 grading tasks" in found.content.decode()


def test_a_contestant_is_named_where_grading_is_not_blind(desk, client, hand_in, exam, problems):
    exam.blind = False
    exam.save()
    paper = hand_in("42", "", **CANARIES)
    client.post(reverse("admin:grading_queue", args=[exam.pk]))
    task = GradingTask.objects.get(problem=problems[0]).pk
    desk.claim(task)
    number = paper.registration.contestant.public_number
    assert f"{number} CANARY-NAME" in desk.open(task).content.decode()


def test_the_next_answer_opens_on_its_scoring_page(desk, task):
    response = desk.next()
    assert response.status_code == 302
    assert response["Location"].endswith("/score/")


def test_the_queue_stays_with_the_problem_chosen(desk, hand_in, queue, problems):
    for _ in range(2):
        hand_in("42", "1")
    queue()
    first = desk.next(problem=problems[1].pk)["Location"]
    assert f"?problem={problems[1].pk}" in first
    task = int(first.split("/")[-3])
    second = desk.score(task, query=f"?problem={problems[1].pk}")["Location"]
    assert GradingTask.objects.get(pk=int(second.split("/")[-3])).problem == problems[1]


def test_the_next_answer_is_looked_for_among_papers_closed_meanwhile(desk, hand_in):
    """Nobody has to press a button for papers that were handed in after the queue was filled."""
    hand_in("42", "1")
    assert "/score/" in desk.next()["Location"]


@pytest.mark.parametrize("wanted", [{}, {"problem": "x"}, {"problem": "0"}])
def test_nothing_left_is_said_kindly(desk, client, wanted):
    response = client.post(f"{desk.page}next/", wanted, follow=True)
    assert "Nothing is left for you. Thank you." in response.content.decode()


def test_the_list_shows_and_filters_only_ones_own_exams(desk, client, task):
    foreign = factories.GradingTaskFactory(answer__problem__exam__title="Foreign Round")
    page = reverse("admin:grading_gradingtask_changelist")
    text = client.get(page).content.decode()
    assert foreign.answer.submission.blind_code not in text
    assert "Foreign Round" not in text
    assert "0 grading tasks" in client.get(page, {"exam": foreign.exam_id}).content.decode()
    assert client.get(page, {"exam": "x"}).status_code == 200
    assert (
        client.get(reverse("admin:grading_gradingtask_change", args=[foreign.pk]), follow=True).status_code
        == 404
    )


@pytest.mark.parametrize("papers", [1, 3])
def test_desk_query_count_does_not_grow(desk, client, hand_in, queue, papers, django_assert_num_queries):
    for _ in range(papers):
        hand_in("42", "")
    queue()
    with django_assert_num_queries(12):
        client.get(desk.page)


@pytest.mark.parametrize("papers", [1, 3])
def test_list_query_count_does_not_grow(desk, client, hand_in, queue, papers, django_assert_num_queries):
    for _ in range(papers):
        hand_in("42", "")
    queue()
    with django_assert_num_queries(9):
        client.get(reverse("admin:grading_gradingtask_changelist"))

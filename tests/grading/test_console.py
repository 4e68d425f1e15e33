"""The graders' pages: who may open them, what they show, and what they never show."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.exams.enums import StaffRole
from apps.grading.enums import TaskStatus
from apps.grading.models import GradingTask, Score
from apps.submissions.models import Answer, Submission
from tests import factories

pytestmark = pytest.mark.django_db

CANARIES = {
    "contestant__name": "CANARY-NAME",
    "contestant__external_id": "CANARY-ID",
    "contestant__team": "CANARY-TEAM",
    "contestant__room": "CANARY-ROOM",
    "contestant__number": 987654,
}


@pytest.fixture
def desk(client, grader, exam):
    """Signed in as a grader, with the addresses of the pages."""

    class Desk:
        page = reverse("admin:grading_desk", args=[exam.pk])

        def next(self, **wanted):
            return client.post(reverse("admin:grading_next", args=[exam.pk]), wanted)

        def score(self, task, query="", **typed):
            form = {"points": "6", "comment": "", "note": "", "based_on": 0, "answer_revision": 1, **typed}
            return client.post(reverse("admin:grading_score", args=[task]) + query, form)

        def open(self, task):
            return client.get(reverse("admin:grading_score", args=[task]))

        def claim(self, task):
            return client.post(reverse("admin:grading_claim", args=[task]))

    client.force_login(grader)
    return Desk()


@pytest.fixture
def task(hand_in, queue, problems):
    """An answer of problem 1 that waits."""
    hand_in("42", "1")
    queue()
    return GradingTask.objects.get(problem=problems[0]).pk


@pytest.fixture
def held(task, desk):
    desk.claim(task)
    return task


def pages_of(exam, task, problem):
    return {
        "get": [
            reverse("admin:grading_desk", args=[exam.pk]),
            reverse("admin:grading_score", args=[task]),
        ],
        "post": [
            reverse("admin:grading_next", args=[exam.pk]),
            reverse("admin:grading_queue", args=[exam.pk]),
            reverse("admin:grading_blanks", args=[exam.pk, problem.pk]),
            reverse("admin:grading_score", args=[task]),
            reverse("admin:grading_claim", args=[task]),
            reverse("admin:grading_surrender", args=[task]),
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
    # Nor can one be found by what one knows of them.
    for known in CANARIES.values():
        found = client.get(reverse("admin:grading_gradingtask_changelist"), {"q": known})
        assert "0 grading tasks" in found.content.decode()


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


def test_score_page_shows_what_a_grader_needs(desk, held, problems):
    problems[0].solution_html = "<p>Six sevens.</p>"
    problems[0].save()
    text = desk.open(held).content.decode()
    for needed in ("What is six times seven?", "Six sevens.", "equals an accepted answer", "version 1"):
        assert needed in text


def test_score_page_shows_the_statement_that_the_contestant_saw(desk, held, problems):
    factories.StatementVersionFactory(
        problem=problems[0], version=2, html="<p>What is 6 · 8?</p>", since_version=5
    )
    page = desk.open(held).content.decode()
    assert "What is six times seven?" in page
    assert "The statement was changed later" in page
    answer = GradingTask.objects.get(pk=held).answer
    factories.AnswerRevisionFactory(answer=answer, based_on=1, revision=2, paper_version=5)
    Answer.objects.filter(pk=answer.pk).update(revision=2)
    page = desk.open(held).content.decode()
    assert "What is 6 · 8?" in page
    assert "The statement was changed later" not in page


def test_score_page_shows_an_answers_markup_as_text(desk, held):
    Answer.objects.filter(number=1).update(text="<script>alert(1)</script> & $x^2$")
    page = desk.open(held).content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp;" in page
    assert 'class="katex"' in page


def test_saving_a_score_goes_on_to_the_next_answer(desk, held):
    response = desk.score(held, points="6,5", comment="Nearly.", note="for us")
    assert response.status_code == 302
    assert "/score/" in response["Location"]
    score = Score.objects.get()
    assert (score.points, score.comment, score.note) == (Decimal("6.5"), "Nearly.", "for us")


def test_saving_a_score_may_go_back_to_the_desk(desk, held):
    assert desk.score(held, to_desk="1")["Location"] == desk.page


@pytest.mark.parametrize(
    ("points", "words"),
    [
        ("8", "at most 7 points"),
        ("", "0 if the answer earns nothing"),
        ("NaN", "a number such as"),
        ("٥", "a number such as"),
    ],
)
def test_wrong_points_are_refused_by_the_form_in_plain_words(desk, held, points, words):
    response = desk.score(held, points=points, comment="kept")
    assert response.status_code == 400
    assert words in response.content.decode()
    assert "kept" in response.content.decode()
    assert not Score.objects.exists()


@pytest.mark.parametrize("broken", [{"based_on": ""}, {"based_on": "-1"}, {"answer_revision": "x"}])
def test_a_form_without_its_versions_is_refused(desk, held, broken):
    assert desk.score(held, **broken).status_code == 400
    assert not Score.objects.exists()


def test_a_conflict_shows_both_scores_and_lets_one_redo(desk, held):
    desk.score(held, points="3", comment="first")
    response = desk.score(held, points="5", comment="second")
    page = response.content.decode()
    assert response.status_code == 409
    for shown in ("first", "second", "The score that counts", "Yours, not recorded"):
        assert shown in page
    desk.score(held, points="5", comment="second", based_on=1)
    assert list(Score.objects.values_list("version", "points")) == [(1, 3), (2, 5)]


def test_a_changed_answer_is_shown_with_what_was_typed(desk, held):
    Answer.objects.filter(number=1).update(text="43", revision=2)
    response = desk.score(held, comment="still here")
    page = response.content.decode()
    assert response.status_code == 409
    assert "The answer changed while you were reading it" in page
    assert "still here" in page
    assert 'name="answer_revision" value="2"' in page


def test_an_answer_somebody_else_holds_cannot_be_scored_and_nothing_typed_is_lost(desk, task, staff):
    GradingTask.objects.filter(pk=task).update(
        status=TaskStatus.CLAIMED,
        grader=staff(username="other"),
        claimed_until=timezone.now() + timedelta(minutes=5),
    )
    response = desk.score(task, comment="my words")
    page = response.content.decode()
    assert response.status_code == 403
    assert "my words" in page
    assert "<strong>other</strong>" in page
    assert desk.claim(task).status_code == 403


def test_a_reopened_paper_cannot_be_scored(desk, held):
    Submission.objects.update(
        submitted_at=None, submitted_by="", deadline_at=timezone.now() + timedelta(minutes=5)
    )
    response = desk.score(held)
    assert response.status_code == 403
    assert "This paper is open" in response.content.decode()
    assert "data-scoring" not in desk.open(held).content.decode()


def test_giving_back_goes_on_to_the_next_answer(desk, client, held):
    response = client.post(reverse("admin:grading_surrender", args=[held]))
    assert "/score/" in response["Location"]
    assert client.post(reverse("admin:grading_surrender", args=[held])).status_code == 403
    assert "You gave 1 answer back" in client.get(desk.page).content.decode()


def test_blank_answers_are_scored_by_one_button_that_says_how_many(
    desk, client, hand_in, queue, exam, problems
):
    for _ in range(2):
        hand_in("", "1")
    queue()
    assert "Score 2 blank answers 0" in client.get(desk.page).content.decode()
    response = client.post(reverse("admin:grading_blanks", args=[exam.pk, problems[0].pk]), follow=True)
    assert "2 blank answers were scored 0." in response.content.decode()


def test_blank_answers_of_another_exam_are_not_scored(desk, client, exam, task):
    foreign = factories.GradingTaskFactory(
        answer__submission__submitted_at=factories.NOW, answer__submission__submitted_by="time"
    )
    client.post(reverse("admin:grading_blanks", args=[exam.pk, foreign.problem_id]))
    assert not Score.objects.exists()


def test_a_lead_may_correct_and_a_grader_may_not(desk, client, held, staff):
    desk.score(held)
    client.force_login(staff())
    assert "data-scoring" not in desk.open(held).content.decode()
    assert desk.score(held, based_on=1).status_code == 403
    client.force_login(staff(StaffRole.LEAD_GRADER))
    assert desk.score(held, based_on=1, points="2").status_code == 302


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
    with django_assert_num_queries(11):
        client.get(desk.page)


@pytest.mark.parametrize("papers", [1, 3])
def test_list_query_count_does_not_grow(desk, client, hand_in, queue, papers, django_assert_num_queries):
    for _ in range(papers):
        hand_in("42", "")
    queue()
    with django_assert_num_queries(9):
        client.get(reverse("admin:grading_gradingtask_changelist"))


@pytest.mark.parametrize("versions", [1, 3])
def test_score_page_query_count_does_not_grow(desk, held, grader, versions, django_assert_num_queries):
    for version in range(versions):
        factories.ScoreFactory(task_id=held, task=None, version=version + 1, grader=grader)
    with django_assert_num_queries(12):
        desk.open(held)

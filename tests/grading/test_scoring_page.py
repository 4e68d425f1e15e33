"""The scoring page: what it shows, what it refuses, and where it goes next."""

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
    assert desk.score(held, to_desk="1")["Location"] == f"{desk.page}?after={held}"


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


def test_a_lead_may_correct_and_a_grader_may_not(desk, client, held, staff):
    desk.score(held)
    client.force_login(staff())
    assert "data-scoring" not in desk.open(held).content.decode()
    assert desk.score(held, based_on=1).status_code == 403
    client.force_login(staff(StaffRole.LEAD_GRADER))
    assert desk.score(held, based_on=1, points="2").status_code == 302


@pytest.mark.parametrize("versions", [1, 3])
def test_score_page_query_count_does_not_grow(desk, held, grader, versions, django_assert_num_queries):
    for version in range(versions):
        factories.ScoreFactory(task_id=held, task=None, version=version + 1, grader=grader)
    with django_assert_num_queries(9):
        desk.open(held)

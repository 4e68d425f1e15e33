"""A grader's own scores: picked, sorted, and reopened until the results are published."""

from decimal import Decimal

import pytest
from django.urls import reverse

from apps.grading.enums import TaskStatus
from apps.grading.models import GradingTask
from apps.grading.selectors import mine
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def scored(hand_in, queue, problems, grader, now):
    """Answers of problem 1 with these points."""

    def scored(*points):
        for _ in points:
            hand_in("42", "1")
        queue()
        tasks = list(GradingTask.objects.filter(problem=problems[0], grader=None).order_by("pk"))
        for task, given in zip(tasks, points, strict=True):
            factories.ScoreFactory(task=task, points=given, grader=grader, scored_at=now)
            GradingTask.objects.filter(pk=task.pk).update(status=TaskStatus.SCORED, grader=grader)
        return tasks

    return scored


@pytest.fixture
def listed(exam, grader):
    def listed(**chosen):
        found = mine.list_my_scores(exam, grader.pk, **chosen)
        return [task.points for task in found.page]

    return listed


def test_scores_are_sorted_by_points_or_by_time(scored, listed, exam, grader):
    scored(3, 7, 0)
    assert listed(order="most") == [7, 3, 0]
    assert listed(order="fewest") == [0, 3, 7]
    assert sorted(listed(order="newest")) == sorted(listed(order="oldest")) == [0, 3, 7]


def test_scores_are_picked_by_problem_and_points(scored, listed, problems):
    scored(3, 7, 3)
    assert listed(points=Decimal(3)) == [3, 3]
    assert len(listed(problem_id=problems[0].pk)) == 3
    assert listed(problem_id=problems[1].pk) == []


def test_the_newest_version_is_shown_and_others_scores_are_not(scored, listed, staff, lead):
    first, second = scored(3, 7)
    factories.ScoreFactory(task=first, version=2, points=5, grader=lead)
    GradingTask.objects.filter(pk=second.pk).update(grader=staff())
    assert listed() == [5]


def test_points_are_counted_per_problem(scored, exam, grader):
    scored(3, 7, 3)
    (row,) = mine.list_my_scores(exam, grader.pk).problems
    assert (row.number, row.count) == (1, 3)
    assert row.given == [mine.PointsGiven(Decimal(3), 2), mine.PointsGiven(Decimal(7), 1)]


def test_a_long_list_has_pages(scored, exam, grader, monkeypatch):
    monkeypatch.setattr(mine, "PAGE_SIZE", 2)
    scored(1, 2, 3)
    assert len(mine.list_my_scores(exam, grader.pk, page=2).page) == 1


@pytest.fixture
def page(client, grader, exam):
    client.force_login(grader)
    address = reverse("admin:grading_mine", args=[exam.pk])
    return lambda **query: client.get(address, query).content.decode()


def test_the_page_links_to_the_answer_until_the_results_are_published(page, scored, exam):
    (task,) = scored(3)
    assert "Reopen" in page()
    assert reverse("admin:grading_score", args=[task.pk]) in page()
    factories.PublicationFactory(exam=exam)
    assert "Reopen" not in page()
    assert "these scores are frozen" in page()


def test_the_page_is_calm_when_there_is_nothing(page):
    assert "You have not scored anything" in page()


@pytest.mark.parametrize(
    "query",
    [{"order": "x"}, {"points": "x"}, {"points": "-1"}, {"problem": "x"}, {"page": "99"}, {"page": "x"}],
)
def test_a_choice_nobody_could_have_made_shows_all(page, scored, query):
    scored(3)
    assert "Reopen" in page(**query)


@pytest.mark.parametrize("count", [1, 3])
def test_query_count_does_not_grow(page, scored, count, django_assert_num_queries):
    scored(*[3] * count)
    with django_assert_num_queries(10):
        page()

"""What changed between two publications: whose points, whose total, and who only moved."""

from decimal import Decimal

import pytest
from django.urls import reverse

from apps.exams.enums import StaffRole
from apps.grading.models import GradingTask
from apps.grading.rules.changes import Line, PointsChange, compare
from tests import factories


def line(number, rank, *points, status="ranked"):
    total = None if rank is None else sum(map(Decimal, points))
    named = {place: None if rank is None else given for place, given in enumerate(points, start=1)}
    return Line(number=number, name="", status=status, rank=rank, total=total, points=named)


BEFORE = {1: line("0001", 1, "7", "5"), 2: line("0002", 2, "7", "3"), 3: line("0003", 3, "2", "0")}


def numbers(changes):
    return [change.contestant.number for change in changes]


@pytest.mark.parametrize(
    ("after", "changed", "moved", "same_count"),
    [
        ({}, [], [], 3),
        # The second overtakes the first, who did nothing.
        ({2: line("0002", 1, "7", "7"), 1: line("0001", 2, "7", "5")}, ["0002"], ["0001"], 1),
        # The same total from other points is a change.
        ({1: line("0001", 1, "5", "7")}, ["0001"], [], 2),
        # Disqualified: no rank, and last.
        (
            {1: line("0001", None, "7", "5", status="disqualified"), 2: line("0002", 1, "7", "3")},
            ["0001"],
            ["0002"],
            1,
        ),
        ({4: line("0004", 4, "0", "0")}, ["0004"], [], 3),
    ],
)
def test_compare(after, changed, moved, same_count):
    comparison = compare(BEFORE, {**BEFORE, **after})
    assert numbers(comparison.changed) == changed
    assert numbers(comparison.moved) == moved
    assert comparison.same_count == same_count


def test_compare_names_the_problems():
    (change,) = compare(BEFORE, {**BEFORE, 3: line("0003", 3, "2", "1")}).changed
    assert list(change.problems) == [PointsChange(2, "0", "1")]


def test_compare_names_whoever_is_gone():
    (change,) = compare(BEFORE, {1: BEFORE[1], 2: BEFORE[2]}).changed
    assert (change.after, change.contestant.number, list(change.problems)) == (None, "0003", [])


def address(exam, query=""):
    return reverse("admin:grading_changes", args=[exam.pk]) + query


@pytest.fixture
def regraded(grade, publish, grader):
    """Published; then the second got four points more, and it was published again."""
    grade(7, 3, contestant__number=11)
    second = grade(7, 1, contestant__number=12)
    grade(0, 0, contestant__number=13)
    publish()
    task = GradingTask.objects.get(answer__submission__registration=second, answer__number=2)
    factories.ScoreFactory(task=task, version=2, points=5, grader=grader)
    publish()


def summary(client, *arguments):
    return " ".join(client.get(address(*arguments)).content.decode().split())


@pytest.mark.django_db
def test_the_page_shows_what_changed_between_the_newest_two(client, organiser, exam, regraded, publish):
    client.force_login(organiser)
    text = summary(client, exam)
    assert "From publication 1 to publication 2: 1 changed, 1 only moved in rank, 1 the same." in text
    assert "Problem 2: 1 → 5" in text
    assert "8 → 12" in text
    publish()
    assert "From publication 2 to publication 3: 0 changed, 0 only moved in rank, 3 the same." in summary(
        client, exam
    )
    assert "From publication 3 to publication 1: 1 changed" in summary(client, exam, "?before=3&after=1")
    assert "From publication 2 to publication 3" in summary(client, exam, "?before=9&after=x")


@pytest.mark.django_db
def test_the_page_shows_who_came_new_and_who_was_disqualified(client, organiser, exam, grade, publish):
    first = grade(7, 3)
    publish()
    first.disqualification = "Phone"
    first.save()
    grade(7, 1)
    publish()
    client.force_login(organiser)
    text = summary(client, exam)
    assert "ranked → disqualified" in text
    assert "only in the later one" in text
    assert "only in the earlier one" in summary(client, exam, "?before=2&after=1")


@pytest.mark.django_db
def test_the_only_publication_is_compared_with_the_present_scores(
    client, organiser, exam, grade, publish, grader
):
    client.force_login(organiser)
    assert "Nothing was published yet." in summary(client, exam)
    grade(7, 3)
    publish()
    assert "From publication 1 to now: 0 changed, 0 only moved in rank, 1 the same." in summary(client, exam)
    factories.ScoreFactory(task=GradingTask.objects.first(), version=2, points=5, grader=grader)
    assert "From publication 1 to now: 1 changed" in summary(client, exam)
    assert "Problem 1: 5 → 7" in summary(client, exam, "?before=0&after=1")


@pytest.mark.django_db
def test_the_results_page_tells_what_publishing_again_would_change(
    client, organiser, exam, grade, publish, grader
):
    def told():
        page = client.get(reverse("admin:grading_results", args=[exam.pk]))
        return " ".join(page.content.decode().split())

    client.force_login(organiser)
    grade(7, 3)
    grade(7, 1)
    assert "would-change" not in told()
    publish()
    assert "Nothing has changed since publication 1." in told()
    task = GradingTask.objects.get(scores__points=1)
    factories.ScoreFactory(task=task, version=2, points=5, grader=grader)
    assert "It would change 1 result and move 1 more in rank:" in told()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("role", "elsewhere", "status"),
    [
        (StaffRole.ORGANISER, True, 404),
        (StaffRole.LEAD_GRADER, False, 403),
        (StaffRole.GRADER, False, 403),
        (StaffRole.PROCTOR, False, 403),
        (StaffRole.OBSERVER, False, 403),
    ],
)
@pytest.mark.parametrize("name", ["changes", "statistics", "queue_for_results"])
def test_pages_are_for_the_exams_organisers_only(client, staff, exam, role, elsewhere, status, name):
    client.force_login(staff(role, in_exam=factories.ExamFactory() if elsewhere else None))
    open_page = client.post if name == "queue_for_results" else client.get
    assert open_page(reverse(f"admin:grading_{name}", args=[exam.pk])).status_code == status
    assert not GradingTask.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("contestants", [1, 3])
def test_changes_query_count_does_not_grow(
    client, organiser, exam, grade, publish, contestants, django_assert_num_queries
):
    for place in range(contestants):
        grade(7, place)
        publish()
    publish()
    client.force_login(organiser)
    with django_assert_num_queries(9):
        client.get(address(exam))

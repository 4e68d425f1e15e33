"""The page of statistics: over what, how often it asks the database, and what it says."""

import pytest
from django.urls import reverse

from apps.grading.models import Publication
from apps.grading.selectors.analysis import get_statistics
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def page(client, organiser, exam):
    client.force_login(organiser)
    return reverse("admin:grading_statistics", args=[exam.pk])


def read(client, page, **query):
    return " ".join(client.get(page, query).content.decode().split())


def figures(statistics):
    return [(row.number, row.figures.mean.value, row.figures.facility.value) for row in statistics.problems]


def test_get_statistics_leaves_out_whoever_is_not_ranked(exam, block, grade, hand_in, publish):
    grade(7, 3)
    grade(0, 3)
    grade(7, 7, disqualification="Phone")
    factories.RegistrationFactory(exam=exam, time_block=block)
    hand_in("42", "", tester=True)
    publication = publish()
    for statistics in (get_statistics(exam.pk, publication), get_statistics(exam.pk, None)):
        assert statistics.paper_count == 2
        assert [round(float(share), 4) for *_, share in figures(statistics)] == [0.5, 0.4286]
        assert (statistics.spread.count, statistics.spread.mean, statistics.spread.maximum) == (2, 6.5, 14)


def test_get_statistics_leaves_out_a_problem_that_is_not_counted(exam, problems, grade, publish):
    grade(7, 3)
    grade(0, 3)
    problems[1].not_counted, problems[1].not_counted_reason = True, "Misprinted"
    problems[1].save()
    statistics = get_statistics(exam.pk, publish())
    assert [row.number for row in statistics.problems] == [1]
    assert statistics.problems[0].figures.discrimination.reason == "there is no other problem"
    assert statistics.spread.maximum == 7


def test_get_statistics_of_the_present_scores_counts_complete_papers_only(exam, grade, hand_in, queue):
    grade(7, 3)
    hand_in("42", "")
    queue()
    statistics = get_statistics(exam.pk, None)
    assert (statistics.paper_count, statistics.left_out) == (1, 1)
    assert figures(statistics)[0][:2] == (1, 7)


def test_get_statistics_reads_what_was_frozen(exam, problems, grade, publish):
    grade(7, 3)
    publication = publish()
    problems[0].max_points = 14
    problems[0].save()
    assert figures(get_statistics(exam.pk, publication))[0][2] == 1
    assert figures(get_statistics(exam.pk, None))[0][2] == 0.5


def test_the_page_tells_what_it_is_about(client, page, grade, publish):
    assert "nothing to count yet" in read(client, page)
    grade(7, 3)
    assert "Of the scores as they stand now. 1 ranked contestant." in read(client, page)
    publish()
    assert "Of publication 1, 14 March 2026, 16:00. 1 ranked contestant." in read(client, page)
    assert "Of the scores as they stand now." in read(client, page, draft="")
    Publication.objects.update(withdrawn_at=factories.NOW, withdrawn_reason="Misread")
    assert "Of the scores as they stand now." in read(client, page)


def test_the_page_shows_figures_and_says_why_there_is_none(client, page, grade):
    grade(7, 3)
    grade(7, 1)
    text = read(client, page)
    assert "7.00 of 7" in text
    assert '– <span class="figures-reason">everybody has the same points</span>' in text
    assert '<th class="number" scope="row">10</th> <td class="number">1</td>' in text
    assert "Problem 2: all points 0, some 2, none 0" in text


def test_the_page_without_contestants_or_problems_does_not_fail(client, page, exam, block):
    factories.RegistrationFactory(exam=exam, time_block=block)
    assert "nothing to count yet" in read(client, page)


@pytest.mark.parametrize("contestants", [1, 3])
@pytest.mark.parametrize(("published", "queries"), [(True, 8), (False, 12)])
def test_statistics_query_count_does_not_grow(
    client, page, grade, publish, contestants, published, queries, django_assert_num_queries
):
    for place in range(contestants):
        grade(7, place)
    if published:
        publish()
    with django_assert_num_queries(queries):
        client.get(page)


def test_an_organiser_queues_what_nobody_queued(client, page, exam, hand_in):
    hand_in("42", "")
    results = reverse("admin:grading_results", args=[exam.pk])
    assert "2 answers of closed papers are not in the graders’ queue yet." in read(client, results)
    response = client.post(reverse("admin:grading_queue_for_results", args=[exam.pk]), follow=True)
    assert "2 answers were queued." in response.content.decode()
    assert "not in the graders’ queue" not in read(client, results)

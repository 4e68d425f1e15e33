"""A statement while it is written, and its versions."""

from decimal import Decimal

import pytest
from django.urls import reverse

from apps.exams.models import StatementVersion
from apps.exams.selectors.statements import compare, get_versions
from apps.exams.services import editing
from apps.exams.services.previewing import WrittenProblem, preview_problem
from tests import factories
from tests.exams.papers import SVG

pytestmark = pytest.mark.django_db


@pytest.fixture
def exam():
    return factories.ExamFactory()


@pytest.fixture
def problem(exam):
    return factories.ProblemFactory(exam=exam, number=4)


@pytest.fixture
def organiser(client, exam):
    client.force_login(factories.ExamStaffFactory(exam=exam).user)
    return client


WRITTEN = {
    "number": 4,
    "kind": "integer",
    "max_points": Decimal(7),
    "statement": "Find $x$.",
    "choices": "",
    "note": "",
    "solution": "",
}
CHOICE = {"kind": "choice", "choices": "A: $1$\nB: two"}


def shown(exam, **changes):
    return preview_problem(exam_id=exam.pk, written=WrittenProblem(**{**WRITTEN, **changes}))


def test_preview_problem_renders_with_the_figures_of_the_exam(exam):
    figure = editing.put_figure(exam_id=exam.pk, name="t.svg", data=SVG, actor=None)
    preview = shown(exam, statement="![t](t.svg) $x$", solution="$y$", note="Corrected.", **CHOICE)
    assert preview.slips == []
    assert f"/figures/{figure.public_id}/" in preview.problem.statement_html
    assert "katex" in preview.solution_html
    assert [choice.label for choice in preview.problem.choices] == ["A", "B"]
    problem = preview.problem
    assert (problem.number, problem.max_points, problem.note) == (4, "7", "Corrected.")


@pytest.mark.parametrize(
    ("changes", "field", "line", "message"),
    [
        ({"statement": "a\n\n$\\foo$"}, "statement", 3, "unknown command \\foo"),
        ({"statement": "![t](other.svg)"}, "statement", 1, "no figure named other.svg"),
        ({"solution": "$"}, "solution", 1, "never closed"),
        ({**CHOICE, "choices": "A: $\nB: two"}, "choices", None, "A: the formula"),
        ({**CHOICE, "choices": "A: 1"}, "choices", None, "A choice needs at least two choices."),
        ({**CHOICE, "choices": "nothing"}, "choices", None, "has no label"),
        ({"choices": "A: 1\nB: 2"}, "choices", None, "has no choices"),
    ],
)
def test_preview_problem_names_what_cannot_be_shown(exam, changes, field, line, message):
    factories.FigureFactory(name="other.svg")
    slips = shown(exam, **changes).slips
    assert [(slip.field, slip.line) for slip in slips] == [(field, line)]
    assert message in slips[0].message


def test_live_page_answers_with_the_papers_own_rendering_and_writes_nothing(organiser, exam, problem):
    url = reverse("admin:exams_problem_live", args=[exam.pk])
    answer = organiser.post(url, {**WRITTEN, "statement": "Find **it** <script>.", "solution": "$"}).json()
    assert 'data-testid="problem-4"' in answer["problem"]
    assert "Find <strong>it</strong> &lt;script&gt;." in answer["problem"]
    assert [(slip["field"], slip["line"]) for slip in answer["slips"]] == [("solution", 1)]
    assert "never closed" in answer["slips"][0]["message"]
    assert StatementVersion.objects.count() == 1


def test_live_page_takes_what_is_not_finished_yet(organiser, exam):
    url = reverse("admin:exams_problem_live", args=[exam.pk])
    answer = organiser.post(url, {"statement": "Half", "number": "", "kind": "?", "max_points": "-"}).json()
    assert "Half" in answer["problem"]
    assert answer["slips"] == []


def test_live_page_is_for_those_who_may_edit(client, organiser, exam):
    assert organiser.get(reverse("admin:exams_problem_live", args=[exam.pk])).status_code == 405
    other = reverse("admin:exams_problem_live", args=[factories.ExamFactory().pk])
    assert organiser.post(other, WRITTEN).status_code == 404
    client.force_login(factories.ExamStaffFactory(exam=exam, role="grader").user)
    assert client.post(reverse("admin:exams_problem_live", args=[exam.pk]), WRITTEN).status_code == 403


def test_problem_page_shows_what_is_saved_without_any_script(organiser, exam, problem):
    page = organiser.get(reverse("admin:exams_problem_change", args=[problem.pk])).content.decode()
    assert "<p>What is six times seven?</p>" in page
    new = organiser.get(reverse("admin:exams_problem_add"), {"exam": exam.pk})
    assert new.context["live"].problem.number == 5
    assert organiser.get(reverse("admin:exams_problem_add")).status_code == 200


def test_problem_page_shows_what_was_typed_beside_the_errors(organiser, exam, problem):
    url = reverse("admin:exams_problem_change", args=[problem.pk])
    response = organiser.post(url, {"statement": "Fine $x$.", "choices": "no label", "kind": "integer"})
    assert "Fine" in response.context["live"].problem.statement_html


@pytest.mark.parametrize("role", ["grader", "observer"])
def test_problem_page_shows_the_statement_to_those_who_only_read(client, exam, problem, role):
    factories.TimeBlockFactory(exam=exam)  # open by now
    client.force_login(factories.ExamStaffFactory(exam=exam, role=role).user)
    response = client.get(reverse("admin:exams_problem_change", args=[problem.pk]))
    assert "<p>What is six times seven?</p>" in response.content.decode()


def edit(problem, source, **options):
    return editing.add_statement_version(
        problem_id=problem.pk, source=source, now=factories.NOW, **{"actor": None, **options}
    )


def versions_url(problem, **query):
    return reverse("admin:exams_problem_versions", args=[problem.pk], query=query)


def test_versions_page_shows_who_changed_what_when(organiser, problem):
    actor = factories.UserFactory(username="noether")
    edit(problem, "What is six times <b>eight</b>?", note="It was seven.", actor=actor)
    page = organiser.get(versions_url(problem)).content.decode()
    for told in (
        "14 March 2026, 16:00",
        "Europe/Berlin",
        "noether",
        "a file",
        "It was seven.",
        "From version 1 to version 2",
    ):
        assert told in page
    assert "<del>seven</del><ins>&lt;b&gt;eight&lt;/b&gt;</ins>" in page


@pytest.mark.parametrize(
    ("query", "chosen"),
    [
        ({}, (2, 3)),
        ({"before": 1, "after": 3}, (1, 3)),
        ({"before": 3, "after": 1}, (1, 3)),
        ({"before": 2, "after": 2}, (2, 2)),
        ({"before": "x", "after": 99}, (2, 3)),
    ],
)
def test_versions_page_compares_any_two(organiser, problem, query, chosen):
    edit(problem, "Second.")
    edit(problem, "Third.")
    context = organiser.get(versions_url(problem, **query)).context
    assert (context["before"].version, context["after"].version) == chosen


def test_versions_page_of_a_problem_without_a_statement(organiser, exam):
    problem = factories.ProblemFactory(exam=exam, number=9, statement=None)
    assert "has no statement yet" in organiser.get(versions_url(problem)).content.decode()


def test_versions_page_of_others_is_not_there(organiser):
    assert organiser.get(versions_url(factories.ProblemFactory())).status_code == 404


@pytest.mark.parametrize("count", [1, 3])
def test_versions_page_takes_the_same_number_of_queries(organiser, problem, django_assert_num_queries, count):
    for number in range(1, count):
        edit(problem, f"Text {number}.")
    organiser.get(versions_url(problem))
    with django_assert_num_queries(9):
        organiser.get(versions_url(problem))


def test_compare_shows_choices_and_notes_only_where_there_are_any(exam):
    problem = factories.ProblemFactory(exam=exam, kind="choice", accepted=["A"])
    choices = [{"label": "A", "text": "1"}, {"label": "B", "text": "2"}]
    edit(problem, "Which?", choices=choices)
    edit(problem, "Which?", choices=[choices[0], {"label": "B", "text": "3"}], note="B was misprinted.")
    newest, middle, oldest = get_versions(problem.pk).rows
    assert [(change.name, change.is_same) for change in compare(middle, newest)] == [
        ("Statement", True),
        ("Choices", False),
        ("Note to contestants", False),
    ]
    assert [change.name for change in compare(oldest, middle)] == ["Statement", "Choices"]

"""Editing what an exam shows: versions grow, the same again changes nothing, refusals leave no trace."""

import threading

import pytest
from django.db import close_old_connections, connection

from apps.core.images import NotAnImage
from apps.core.markup import MarkupError
from apps.exams.models import Figure, StatementVersion
from apps.exams.services import editing
from tests import factories
from tests.exams.papers import SVG
from tests.factories import NOW

CHOICES = [{"label": "A", "text": "$1$"}, {"label": "B", "text": "two"}]


def add(problem, source="Newer $x$.", **options):
    return editing.add_statement_version(problem_id=problem.pk, source=source, actor=None, now=NOW, **options)


@pytest.fixture
def problem(db):
    return factories.ProblemFactory()


def test_add_statement_version_adds_a_version_and_bumps_the_exams(problem):
    before = problem.exam.version
    statement = add(problem, note="A misprint.")
    problem.exam.refresh_from_db()
    assert (statement.version, statement.since_version) == (2, before + 1)
    assert problem.exam.version == before + 1
    assert (statement.note, statement.created_at) == ("A misprint.", NOW)
    assert 'translate="no"' in statement.html
    assert problem.statements.count() == 2


def test_add_statement_version_of_a_new_problem_is_the_first(db):
    problem = factories.ProblemFactory(statement=None)
    assert add(problem).version == 1


def test_add_statement_version_records_who_did_it(problem):
    actor = factories.UserFactory()
    statement = editing.add_statement_version(problem_id=problem.pk, source="New.", actor=actor, now=NOW)
    assert statement.created_by == actor


def test_add_statement_version_renders_choices(db):
    problem = factories.ProblemFactory(kind="choice", accepted=["B"])
    statement = add(problem, choices=CHOICES)
    assert statement.choices == CHOICES
    assert 'translate="no"' in statement.choices_html[0]
    assert statement.choices_html[1] == "two"


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("two", "two"),
        ("a **b**", "a <strong>b</strong>"),
        ("one\n\ntwo", "<p>one</p>\n<p>two</p>"),
        ("* one", "<ul>\n<li>one</li>\n</ul>"),
    ],
)
def test_render_choice_unwraps_a_single_paragraph(text, html):
    assert editing.render_choice(text, {}) == html


def test_add_statement_version_of_the_same_text_changes_nothing(problem):
    first = add(problem)
    version = first.since_version
    assert add(problem) == first
    problem.exam.refresh_from_db()
    assert problem.exam.version == version
    assert add(problem, note="Now with a note.").version == first.version + 1


@pytest.mark.parametrize(
    ("kind", "accepted", "options", "refusal", "message"),
    [
        ("integer", ["42"], {"source": "$\\foo$"}, MarkupError, r"line 1: unknown command \\foo"),
        ("integer", ["42"], {"source": " \n"}, editing.StatementBlank, "must not be blank"),
        ("integer", ["42"], {"choices": CHOICES}, editing.ChoicesInvalid, "has no choices"),
        ("choice", ["A"], {"choices": CHOICES[:1]}, editing.ChoicesInvalid, "at least two"),
        ("choice", ["A"], {"choices": [CHOICES[0]] * 2}, editing.ChoicesInvalid, "the same label"),
        ("choice", ["C"], {"choices": CHOICES}, editing.ChoicesInvalid, "“C” is not the label"),
        (
            "choice",
            ["A"],
            {"choices": [{"label": "A", "text": "$"}, CHOICES[1]]},
            MarkupError,
            "never closed",
        ),
    ],
)
@pytest.mark.django_db
def test_add_statement_version_refuses(kind, accepted, options, refusal, message):
    problem = factories.ProblemFactory(kind=kind, accepted=accepted)
    with pytest.raises(refusal, match=message):
        add(problem, **options)
    problem.exam.refresh_from_db()
    assert problem.exam.version == 1
    assert problem.statements.count() == 1


def test_add_statement_version_knows_the_exams_figures_only(problem):
    figure = editing.put_figure(exam_id=problem.exam_id, name="mine.svg", data=SVG, actor=None)
    other = factories.FigureFactory(name="other.svg")
    assert f"/figures/{figure.public_id}/" in add(problem, "![t](mine.svg)").html
    assert other.exam_id != problem.exam_id
    with pytest.raises(MarkupError, match=r"no figure named other\.svg"):
        add(problem, "![t](other.svg)")


@pytest.mark.django_db(transaction=True)
def test_add_statement_version_by_several_at_once_gives_each_its_own_version():
    problem = factories.ProblemFactory()
    barrier = threading.Barrier(4)

    def edit(number):
        try:
            barrier.wait()
            add(problem, f"Text {number}.")
        finally:
            close_old_connections()
            connection.close()

    threads = [threading.Thread(target=edit, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rows = StatementVersion.objects.filter(problem=problem).order_by("version")
    assert list(rows.values_list("version", "since_version")) == [(1, 1), (2, 2), (3, 3), (4, 4), (5, 5)]


def test_put_figure_keeps_the_address_of_a_figure_it_replaces(problem):
    first = editing.put_figure(exam_id=problem.exam_id, name="t.svg", data=SVG, actor=None)
    second = editing.put_figure(
        exam_id=problem.exam_id, name="t.svg", data=SVG.replace(b"20 20", b"9 9"), actor=None
    )
    assert (first.pk, first.public_id) == (second.pk, second.public_id)
    assert first.digest != second.digest
    problem.exam.refresh_from_db()
    assert problem.exam.version == 3


@pytest.mark.parametrize(
    ("name", "data", "refusal"),
    [
        ("t.png", SVG, editing.FigureNameInvalid),
        ("t.SVG", SVG, editing.FigureNameInvalid),
        ("../t.svg", SVG, editing.FigureNameInvalid),
        ("two words.svg", SVG, editing.FigureNameInvalid),
        (".svg", SVG, editing.FigureNameInvalid),
        ("x" * 97 + ".svg", SVG, editing.FigureNameInvalid),
        ("t.svg", b"GIF89a", NotAnImage),
    ],
)
def test_put_figure_refuses(problem, name, data, refusal):
    with pytest.raises(refusal):
        editing.put_figure(exam_id=problem.exam_id, name=name, data=data, actor=None)
    assert not Figure.objects.exists()


def test_remove_figure_refuses_one_that_is_shown(problem):
    figure = editing.put_figure(exam_id=problem.exam_id, name="t.svg", data=SVG, actor=None)
    add(problem, "![t](t.svg)")
    with pytest.raises(editing.FigureInUse):
        editing.remove_figure(figure_id=figure.pk, actor=None)
    add(problem, "Without.")
    editing.remove_figure(figure_id=figure.pk, actor=None)
    assert not Figure.objects.exists()


def test_add_statement_version_stands_in_the_history(problem):
    add(problem, note="Because.")
    event = problem.exam.events.model.objects.filter(pgh_obj=problem.exam).latest("pgh_id")
    assert event.version == 2
    assert event.pgh_context.metadata["act"] == "add_statement_version"
    assert event.pgh_context.metadata["reason"] == "Because."

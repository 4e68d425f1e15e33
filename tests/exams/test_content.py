"""What contestants are shown, by its version: never under a wrong one, and every change counts."""

import inspect
from dataclasses import replace

import pytest

from apps.core import breaker
from apps.core.breaker import Breaker
from apps.exams.enums import ExamStatus
from apps.exams.models import Exam, Problem
from apps.exams.selectors import content as selector
from apps.exams.selectors.content import CONTENT, ChoiceContent, ProblemContent, get_content
from apps.exams.services import editing, lifecycle, saving
from apps.exams.services.changing import Consent
from apps.exams.services.saving import StatementText
from tests import factories
from tests.exams.papers import SVG
from tests.factories import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _breaker(monkeypatch):
    monkeypatch.setattr(breaker, "redis", Breaker())


@pytest.fixture
def exam():
    exam = factories.ExamFactory(instructions="Be calm.", instructions_html="<p>Be calm.</p>")
    factories.TimeBlockFactory(exam=exam)
    factories.ProblemFactory(exam=exam, number=2)
    factories.ProblemFactory(exam=exam, number=1, kind="choice", accepted=["A"], statement=None)
    return exam


def now_shown(exam):
    return get_content(exam_id=exam.pk, version=Exam.objects.get(pk=exam.pk).version)


def test_get_content_reads_everything_that_contestants_share(exam):
    choice = Problem.objects.get(exam=exam, number=1)
    for version, note in ((1, ""), (2, "A misprint.")):
        factories.StatementVersionFactory(
            problem=choice,
            version=version,
            html=f"<p>Version {version}</p>",
            note=note,
            choices=[{"label": "A", "text": "$1$"}],
            choices_html=["<b>1</b>"],
        )
    content = now_shown(exam)
    assert (content.title, content.instructions_html) == ("Spring Round", "<p>Be calm.</p>")
    assert [problem.number for problem in content.problems] == [1, 2]
    assert content.problems[0] == ProblemContent(
        problem_id=choice.pk,
        number=1,
        kind="choice",
        max_points="7",
        statement_html="<p>Version 2</p>",
        note="A misprint.",
        choices=(ChoiceContent("A", "<b>1</b>"),),
    )


def test_get_content_of_another_process_is_the_same(exam):
    first = now_shown(exam)
    CONTENT.recent.clear()
    assert CONTENT.from_redis(exam.pk, exam.version) == first


@pytest.mark.parametrize("count", [1, 3])
def test_get_content_takes_one_query_and_then_none(exam, count, django_assert_num_queries):
    for number in range(3, 3 + count):
        factories.ProblemFactory(exam=exam, number=number)
    for queries in (1, 0):
        with django_assert_num_queries(queries):
            get_content(exam_id=exam.pk, version=1)


def test_get_content_of_an_exam_without_problems_has_none():
    exam = factories.ExamFactory()
    assert now_shown(exam).problems == ()


class TestAnEditBetweenTheVersionAndTheContent:
    """A reader heard "version 1" from the database; then somebody edits; then the reader loads."""

    def edit(self, exam):
        editing.add_statement_version(
            problem_id=Problem.objects.get(exam=exam, number=2).pk, source="Newer.", actor=None, now=NOW
        )

    def test_the_newer_content_is_not_kept_under_the_older_version(self, exam):
        heard = exam.version
        self.edit(exam)
        shown = get_content(exam_id=exam.pk, version=heard)
        assert shown.version == Exam.objects.get().version == heard + 1
        assert CONTENT.recent.get((exam.pk, heard)) is None
        assert CONTENT.from_redis(exam.pk, heard) is None

    def test_control_read_in_two_steps_it_is(self, exam, monkeypatch):
        load = selector.load

        def load_in_two_steps(exam_id):
            version = Exam.objects.get(pk=exam_id).version
            self.edit(exam)
            return replace(load(exam_id), version=version)

        monkeypatch.setattr(CONTENT, "load", load_in_two_steps)
        heard = exam.version
        get_content(exam_id=exam.pk, version=heard)
        assert "Newer" in CONTENT.recent.get((exam.pk, heard)).problems[1].statement_html


def change_exam(exam, **fields):
    edited = Exam.objects.get(pk=exam.pk)
    for name, value in fields.items():
        setattr(edited, name, value)
    saving.save_exam(exam=edited, fields=list(fields), actor=None, consent=Consent(given=True, reason="why"))


def change_problem(exam, **fields):
    problem = Problem.objects.get(exam=exam, number=2)
    for name, value in fields.items():
        setattr(problem, name, value)
    source = problem.statements.get().source
    saving.save_problem(
        problem=problem, fields=list(fields), statement=StatementText(source), actor=None, now=NOW
    )


def complete(exam):
    factories.StatementVersionFactory(
        problem=Problem.objects.get(exam=exam, number=1),
        choices=[{"label": "A", "text": "1"}, {"label": "B", "text": "2"}],
        choices_html=["1", "2"],
    )


def make_ready(exam):
    complete(exam)
    Exam.objects.filter(pk=exam.pk).update(status=ExamStatus.DRAFT)
    lifecycle.make_ready(exam_id=exam.pk, actor=None, now=NOW)


def remove_figure(exam):
    editing.remove_figure(figure_id=factories.FigureFactory(exam=exam).pk, actor=None)


# Every service that changes what contestants see or whether they may, by its name, with a call of it.
ACTS = {
    "add_statement_version": lambda exam: editing.add_statement_version(
        problem_id=Problem.objects.get(exam=exam, number=2).pk, source="Newer.", actor=None, now=NOW
    ),
    "put_figure": lambda exam: editing.put_figure(exam_id=exam.pk, name="a.svg", data=SVG, actor=None),
    "remove_figure": remove_figure,
    "save_exam": lambda exam: change_exam(exam, title="Autumn Round"),
    "save_problem": lambda exam: change_problem(exam, max_points=5),
    "remove_problem": lambda exam: saving.remove_problem(
        problem_id=Problem.objects.get(exam=exam, number=2).pk, actor=None
    ),
    "make_ready": make_ready,
    "close_exam": lambda exam: lifecycle.close_exam(
        exam_id=exam.pk, actor=None, now=NOW, consent=Consent(given=True, reason="why")
    ),
    "return_to_draft": lambda exam: lifecycle.return_to_draft(exam_id=exam.pk, actor=None),
}
# Those beside them that take an exam's id or row and change nothing that contestants see.
CHANGES_NOTHING = {"lock_exam", "bump_version", "figure_change", "shown_html", "figure_addresses"}


@pytest.mark.parametrize("act", ACTS)
def test_every_change_counts(exam, act):
    before = Exam.objects.get().version
    ACTS[act](exam)
    assert Exam.objects.get().version > before


@pytest.mark.parametrize("act", ["add_statement_version", "save_exam", "save_problem", "remove_problem"])
def test_every_change_is_shown_at_once(exam, act):
    before = now_shown(exam)
    ACTS[act](exam)
    assert replace(now_shown(exam), version=before.version) != before


def test_control_a_change_that_is_not_counted_is_not_shown(exam, monkeypatch):
    before = now_shown(exam)
    monkeypatch.setattr(saving, "bump_version", lambda exam_id: None)
    ACTS["save_exam"](exam)
    assert now_shown(exam) == before


def test_every_service_that_writes_an_exam_is_among_them():
    """A new one fails here until its change is counted and shown above."""
    writing = {
        name
        for module in (editing, saving, lifecycle)
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__ == module.__name__
        and not name.startswith("_")
        and {"exam_id", "exam", "problem_id", "problem", "figure_id"}
        & set(inspect.signature(function).parameters)
    }
    assert writing - CHANGES_NOTHING == set(ACTS)

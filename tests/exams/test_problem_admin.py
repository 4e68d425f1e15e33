"""Problems and figures in the console: a changed statement is a new version, a wrong one an error."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from apps.exams.models import Figure, Problem, StatementVersion
from apps.exams.rules.choices import ChoicesUnreadable, choices_as_text, choices_from_text
from apps.exams.services import editing
from tests import factories
from tests.exams.papers import SVG

pytestmark = pytest.mark.django_db


@pytest.fixture
def exam():
    return factories.ExamFactory()


@pytest.fixture
def organiser(client, exam):
    client.force_login(factories.ExamStaffFactory(exam=exam).user)
    return client


def posted(exam, **changes):
    return {
        "exam": exam.pk,
        "number": 1,
        "kind": "integer",
        "max_points": "7",
        "statement": "What is six times seven?",
        "choices": "",
        "note": "",
        "accepted": "42",
        "solution": "$6 \\cdot 7$",
        "statements-TOTAL_FORMS": 0,
        "statements-INITIAL_FORMS": 0,
        **changes,
    }


CHOICE = {"kind": "choice", "choices": "A: $1$\r\nB: two\r\n  lines", "accepted": "B"}


def add(client, exam, **changes):
    return client.post(reverse("admin:exams_problem_add"), posted(exam, **changes))


def change(client, problem, **changes):
    url = reverse("admin:exams_problem_change", args=[problem.pk])
    return client.post(url, posted(problem.exam, **changes))


def test_problem_is_added_with_its_first_statement(organiser, exam):
    assert add(organiser, exam, **CHOICE)["Location"] == reverse("admin:exams_exam_change", args=[exam.pk])
    problem = Problem.objects.get()
    statement = problem.statements.get()
    assert (problem.accepted, statement.version) == (["B"], 1)
    assert statement.choices == [{"label": "A", "text": "$1$"}, {"label": "B", "text": "two\nlines"}]
    assert "katex" in problem.solution_html
    exam.refresh_from_db()
    assert exam.version > 1


def test_problem_with_a_changed_statement_gets_a_version(organiser, exam):
    add(organiser, exam)
    problem = Problem.objects.get()
    assert (
        change(organiser, problem, statement="And seven times six?", note="Turned round.").status_code == 302
    )
    newest = problem.statements.order_by("-version").first()
    assert (newest.version, newest.note, newest.created_by.username) == (
        2,
        "Turned round.",
        "staff" + newest.created_by.username[5:],
    )


def test_problem_with_other_points_keeps_its_statement(organiser, exam):
    add(organiser, exam)
    problem = Problem.objects.get()
    change(organiser, problem, max_points="5")
    problem.refresh_from_db()
    assert problem.max_points == 5
    assert problem.statements.count() == 1


@pytest.mark.parametrize(
    ("changes", "field", "message"),
    [
        ({"statement": "$\\foo$"}, "statement", "line 1: unknown command \\foo at position 1"),
        ({"statement": " "}, "statement", "must not be blank"),
        ({"solution": "a\n\n$"}, "solution", "line 3: the formula opened by $ is never closed"),
        ({"statement": "![t](no.svg)"}, "statement", "there is no figure named no.svg"),
        ({**CHOICE, "choices": "A: $\nB: 1"}, "choices", "never closed"),
        ({**CHOICE, "choices": "A: 1"}, "choices", "needs at least two choices"),
        ({**CHOICE, "choices": "A: 1\nA: 2"}, "choices", "Two choices have the same label"),
        ({**CHOICE, "choices": "A: 1\nsomething"}, "choices", "has no label"),
        ({**CHOICE, "choices": "A: 1\nB:"}, "choices", "A choice is blank"),
        ({**CHOICE, "accepted": "C"}, "accepted", "is not the label of a choice"),
        ({"accepted": "4.5"}, "accepted", "is not a whole number"),
        ({"choices": "A: 1\nB: 2"}, "choices", "has no choices"),
        ({"max_points": "0"}, "__all__", "more than 0"),
        ({"number": "0"}, "number", "greater than or equal to 1"),
        ({"not_counted": "on"}, "__all__", "Say why the problem does not count"),
    ],
)
def test_problem_page_refuses(organiser, exam, changes, field, message):
    response = add(organiser, exam, **changes)
    assert response.status_code == 200
    assert message in "".join(response.context["adminform"].form.errors[field])
    assert not Problem.objects.exists()


def test_problem_cannot_be_put_into_an_exam_of_others(organiser):
    other = factories.ExamFactory()
    response = add(organiser, other)
    assert "exam" in response.context["adminform"].form.errors


def test_problem_page_of_others_is_not_there(organiser):
    problem = factories.ProblemFactory()
    assert change(organiser, problem, statement="Mine").status_code == 404
    assert problem.statements.count() == 1


@pytest.mark.parametrize("role", ["grader", "observer"])
def test_problem_page_is_only_to_be_read_by_others(client, exam, role):
    factories.TimeBlockFactory(exam=exam)  # open by now
    client.force_login(factories.ExamStaffFactory(exam=exam, role=role).user)
    problem = factories.ProblemFactory(exam=exam)
    page = client.get(reverse("admin:exams_problem_change", args=[problem.pk]))
    assert page.status_code == 200
    assert change(client, problem, statement="Mine").status_code == 403


def test_problem_page_offers_the_next_number(organiser, exam):
    factories.ProblemFactory(exam=exam, number=4)
    new = organiser.get(reverse("admin:exams_problem_add"), {"exam": exam.pk})
    assert new.context["adminform"].form["number"].value() == 5


def test_problem_that_is_deleted_bumps_the_version(organiser, exam):
    problem = factories.ProblemFactory(exam=exam)
    organiser.post(reverse("admin:exams_problem_delete", args=[problem.pk]), {"post": "yes"})
    assert not StatementVersion.objects.exists()
    exam.refresh_from_db()
    assert exam.version == 2


@pytest.mark.parametrize(
    "choices",
    [
        [{"label": "A", "text": "one"}, {"label": "B", "text": "$x$: y"}],
        [{"label": "A", "text": "one\n\nC: two\n  three"}, {"label": "B", "text": "x"}],
    ],
)
def test_choices_survive_their_text_field(choices):
    assert choices_from_text(choices_as_text(choices)) == choices


@pytest.mark.parametrize("text", ["no label", ": x", "toolonglabel: x"])
def test_choices_from_text_refuses(text):
    with pytest.raises(ChoicesUnreadable):
        choices_from_text(text)


def upload(client, exam, content=SVG, name="t.svg"):
    file = SimpleUploadedFile(name, content)
    return client.post(reverse("admin:exams_figure_add"), {"exam": exam.pk, "file": file})


def test_figure_is_added_and_replaced(organiser, exam):
    assert upload(organiser, exam)["Location"] == reverse("admin:exams_exam_figures", args=[exam.pk])
    figure = Figure.objects.get()
    assert (figure.name, figure.width) == ("t.svg", 40)
    url = reverse("admin:exams_figure_change", args=[figure.pk])
    assert f"/figures/{figure.public_id}/" in organiser.get(url).content.decode()
    organiser.post(url, {"file": SimpleUploadedFile("other.svg", SVG.replace(b"40 30", b"60 30"))})
    figure.refresh_from_db()
    assert (figure.name, figure.width) == ("t.svg", 60)
    assert upload(organiser, exam).status_code == 302
    assert Figure.objects.get().width == 40


@pytest.mark.parametrize(
    ("content", "name", "message"),
    [
        (b"GIF89a", "t.svg", "neither a PNG nor an SVG"),
        (SVG, "t.png", "A figure is named by"),
        (SVG.replace(b"<path", b"<script/><path"), "t.svg", "&lt;script&gt;"),
    ],
)
def test_figure_page_refuses(organiser, exam, content, name, message):
    response = upload(organiser, exam, content, name)
    assert message in response.content.decode()
    assert not Figure.objects.exists()


def test_figure_that_is_shown_cannot_be_deleted(organiser, exam):
    problem = factories.ProblemFactory(exam=exam)
    upload(organiser, exam)
    figure = Figure.objects.get()
    url = reverse("admin:exams_figure_delete", args=[figure.pk])
    editing.add_statement_version(problem_id=problem.pk, source="![t](t.svg)", actor=None, now=factories.NOW)
    assert organiser.post(url, {"post": "yes"}).status_code == 403
    editing.add_statement_version(problem_id=problem.pk, source="None.", actor=None, now=factories.NOW)
    assert organiser.post(url, {"post": "yes"}).status_code == 302
    assert not Figure.objects.exists()

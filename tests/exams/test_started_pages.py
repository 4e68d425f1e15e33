"""The pages of an exam that somebody has started: what stays, what asks first, and where it says so."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from apps.exams.models import Exam, TimeBlock
from apps.exams.services import editing
from tests import factories
from tests.exams.papers import SVG
from tests.exams.test_exam_admin import block, change_url, errors_of, posted
from tests.exams.test_problem_admin import posted as posted_problem
from tests.factories import NOW

pytestmark = pytest.mark.django_db

CONSENT = {"consent": "on", "reason": "A misprint."}


@pytest.fixture
def exam():
    return factories.ExamFactory(first_started_at=NOW)


@pytest.fixture
def problem(exam):
    return factories.ProblemFactory(exam=exam, number=1)


@pytest.fixture
def organiser(client, exam):
    client.force_login(factories.ExamStaffFactory(exam=exam).user)
    return client


def without(data, *names):
    """As a browser sends a form: disabled fields are not among its data."""
    return {name: value for name, value in data.items() if name not in names}


def test_exam_page_says_what_stays_and_asks_for_a_consent(organiser, exam):
    page = organiser.get(change_url(exam)).content.decode()
    assert "The first paper was started on 14 March 2026 at 16:00 (Europe/Berlin)" in page
    assert "Stays as it is. Receipts name it" in page
    form = organiser.get(change_url(exam)).context["adminform"].form
    assert form.fields["slug"].disabled
    assert not form.fields["title"].disabled
    assert 'name="consent"' in page


def test_exam_page_of_an_exam_nobody_has_started_asks_nothing(organiser, exam):
    Exam.objects.update(first_started_at=None)
    page = organiser.get(change_url(exam)).content.decode()
    assert "Stays as it is" not in page
    assert 'name="consent"' not in page


def test_exam_page_saves_what_is_free_and_leaves_what_stays(organiser, exam):
    data = without(posted(exam, title="Autumn"), "slug", "clock")
    assert organiser.post(change_url(exam), data).status_code == 302
    before = exam.slug
    exam.refresh_from_db()
    assert (exam.title, exam.slug) == ("Autumn", before)


def test_exam_page_takes_what_nobody_touched_for_unchanged(organiser, exam):
    """Browsers send other line breaks; a blank line at the end stays one."""
    text = "One.\n\nTwo.\n"
    Exam.objects.update(instructions=text)
    data = without(posted(exam, title="Autumn", instructions=text.replace("\n", "\r\n")), "slug", "clock")
    assert organiser.post(change_url(exam), data).status_code == 302
    assert Exam.objects.get().instructions == text


def test_exam_page_refuses_what_was_sent_by_a_page_opened_before_the_start(organiser, exam):
    response = organiser.post(change_url(exam), posted(exam, slug="autumn", **CONSENT))
    assert "Receipts name it" in str(errors_of(response)["slug"])
    assert Exam.objects.get().slug == exam.slug


def test_exam_page_asks_first_beside_the_field(organiser, exam):
    changed = without(posted(exam, zone="Europe/London"), "slug", "clock")
    response = organiser.post(change_url(exam), changed)
    error = str(errors_of(response)["zone"])
    assert "Contestants read their times in it" in error
    assert "Tick “Change it all the same” and say why." in error
    assert organiser.post(change_url(exam), changed | CONSENT).status_code == 302
    assert Exam.objects.get().zone == "Europe/London"


def moved(exam, row, **changes):
    rows = [block(id=row.pk, exam=exam.pk, name=row.name, **changes)]
    return posted(exam, rows, **{"time_blocks-INITIAL_FORMS": 1})


def test_time_blocks_ask_first_beside_the_field(organiser, exam):
    row = factories.TimeBlockFactory(exam=exam)
    later = moved(exam, row, opens_at="2026-03-14T15:00", closes_at="2026-03-14T19:00")
    later = without(later, "slug", "clock")
    errors = errors_of(organiser.post(change_url(exam), later))
    assert "Contestants were told the old times" in str(errors["closes_at"])
    assert TimeBlock.objects.get().closes_at == row.closes_at
    assert organiser.post(change_url(exam), later | CONSENT).status_code == 302
    assert TimeBlock.objects.get().closes_at > row.closes_at
    event = row.events.model.objects.filter(pgh_obj=row).latest("pgh_id")
    assert event.pgh_context.metadata["reason"] == "A misprint."


def test_time_blocks_ask_before_one_goes(organiser, exam):
    row = factories.TimeBlockFactory(exam=exam)
    gone = moved(exam, row, opens_at="2026-03-14T15:00", closes_at="2026-03-14T17:00", DELETE="on")
    gone = without(gone, "slug", "clock")
    response = organiser.post(change_url(exam), gone)
    assert "Contestants may have been told of it." in response.content.decode()
    assert TimeBlock.objects.exists()
    assert organiser.post(change_url(exam), gone | CONSENT).status_code == 302
    assert not TimeBlock.objects.exists()


def test_time_blocks_may_be_added_and_renamed_freely(organiser, exam):
    row = factories.TimeBlockFactory(exam=exam)
    named = moved(exam, row, opens_at="2026-03-14T15:00", closes_at="2026-03-14T17:00")
    named |= {"time_blocks-0-name": "Renamed", "time_blocks-TOTAL_FORMS": 2}
    named |= {f"time_blocks-1-{key}": value for key, value in block(name="New").items()}
    response = organiser.post(change_url(exam), without(named, "slug", "clock"))
    assert response.status_code == 302
    assert set(TimeBlock.objects.values_list("name", flat=True)) == {"Renamed", "New"}


def problem_url(problem):
    return reverse("admin:exams_problem_change", args=[problem.pk])


def errors_at(response, field):
    return str(response.context["adminform"].form.errors[field])


@pytest.mark.parametrize(("field", "value"), [("number", "5"), ("kind", "proof")])
def test_problem_page_keeps_what_answers_stand_on(organiser, exam, problem, field, value):
    page = organiser.get(problem_url(problem))
    assert page.context["adminform"].form.fields[field].disabled
    response = organiser.post(problem_url(problem), posted_problem(exam, **{field: value}, **CONSENT))
    assert "Answers" in errors_at(response, field)
    problem.refresh_from_db()
    assert (problem.number, problem.kind) == (1, "integer")


@pytest.mark.parametrize(
    ("changes", "field", "why"),
    [
        ({"statement": "Newer."}, "statement", "Contestants have read it"),
        ({"max_points": "5"}, "max_points", "Contestants have read the old ones"),
        ({"not_counted": "on", "not_counted_reason": "Wrong."}, "not_counted", "changes everybody"),
    ],
)
def test_problem_page_asks_first(organiser, exam, problem, changes, field, why):
    data = without(posted_problem(exam, **changes), "number", "kind")
    response = organiser.post(problem_url(problem), data)
    assert why in errors_at(response, field)
    assert organiser.post(problem_url(problem), data | CONSENT).status_code == 302
    # The exam's version was moved by it, and its history says why.
    event = exam.events.model.objects.filter(pgh_obj=exam).latest("pgh_id")
    assert event.version > exam.version
    assert event.pgh_context.metadata["reason"] == "A misprint."


def test_problem_page_keeps_the_points_once_scores_are_given_out_of_them(organiser, exam, problem):
    problem.first_scored_at = NOW
    problem.save()
    assert organiser.get(problem_url(problem)).context["adminform"].form.fields["max_points"].disabled
    data = without(posted_problem(exam, max_points="5", **CONSENT), "number", "kind")
    assert "scores are given out of them" in errors_at(
        organiser.post(problem_url(problem), data), "max_points"
    )


def test_problem_page_saves_a_solution_without_asking(organiser, exam, problem):
    data = without(posted_problem(exam, solution="Newer."), "number", "kind")
    assert organiser.post(problem_url(problem), data).status_code == 302
    problem.refresh_from_db()
    assert "Newer." in problem.solution_html


def test_problem_is_not_added_to_papers_already_started(organiser, exam):
    response = organiser.post(reverse("admin:exams_problem_add"), posted_problem(exam))
    assert "Papers already started have no answer for it." in errors_at(response, "exam")


def test_problem_is_not_deleted_from_papers_already_started(organiser, exam, problem):
    delete = reverse("admin:exams_problem_delete", args=[problem.pk])
    assert delete not in organiser.get(problem_url(problem)).content.decode()
    assert organiser.post(delete, {"post": "yes"}).status_code == 403


def test_figure_that_is_shown_is_replaced_only_with_a_consent(organiser, exam, problem):
    figure = editing.put_figure(exam_id=exam.pk, name="t.svg", data=SVG, actor=None)
    factories.StatementVersionFactory(problem=problem, version=2, html=f"/figures/{figure.public_id}/")
    other = SVG.replace(b"20 20", b"9 9")

    def send(url, **data):
        return organiser.post(url, {"file": SimpleUploadedFile("t.svg", other), **data})

    new = send(reverse("admin:exams_figure_add"), exam=exam.pk)
    assert "Replace it on its own page." in errors_at(new, "file")
    page = reverse("admin:exams_figure_change", args=[figure.pk])
    assert "Contestants have seen the old one." in errors_at(send(page), "file")
    assert send(page, **CONSENT).status_code == 302
    before = figure.digest
    figure.refresh_from_db()
    assert figure.digest != before

"""The console's pages of exams: what roles see and change, times in their zone, and the preview."""

from datetime import UTC, datetime

import pytest
from django.urls import reverse

from apps.exams.models import Contest, Exam, ExamStaff, TimeBlock
from apps.exams.services import editing
from tests import factories
from tests.exams.papers import SVG

pytestmark = pytest.mark.django_db


@pytest.fixture
def exam():
    return factories.ExamFactory(slug="spring", zone="Europe/Berlin")


def organiser_of(client, exam, role="organiser"):
    staff = factories.ExamStaffFactory(exam=exam, role=role)
    client.force_login(staff.user)
    return client


def change_url(exam):
    return reverse("admin:exams_exam_change", args=[exam.pk])


def posted(exam, blocks=(), **changes):
    """The form of an exam's page as a browser would send it, with new time blocks."""
    data = {
        "title": exam.title,
        "slug": exam.slug,
        "status": exam.status,
        "zone": exam.zone,
        "instructions": exam.instructions,
        "clock": exam.clock,
        "duration_minutes": exam.duration_minutes or "",
        "late_start": exam.late_start,
        "grace_seconds": exam.grace_seconds,
        "blind": "on",
        "results": exam.results,
        "staff-TOTAL_FORMS": 0,
        "staff-INITIAL_FORMS": 0,
        "time_blocks-TOTAL_FORMS": len(blocks),
        "time_blocks-INITIAL_FORMS": 0,
        **changes,
    }
    for index, block in enumerate(blocks):
        data.update({f"time_blocks-{index}-{key}": value for key, value in block.items()})
    return data


def errors_of(response):
    context = response.context
    form = context["adminform"].form
    return {
        **form.errors,
        **{
            key: value
            for formset in context["inline_admin_formsets"]
            for row in formset.formset.errors
            for key, value in row.items()
        },
    }


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize(
    ("page", "queries"),
    [("exams_exam_changelist", 8), ("exams_problem_changelist", 9), ("exams_figure_changelist", 9)],
)
def test_changelists_take_the_same_number_of_queries(client, django_assert_num_queries, page, queries, count):
    user = factories.UserFactory()
    for _ in range(count):
        exam = factories.ExamFactory()
        factories.ExamStaffFactory(user=user, exam=exam)
        factories.ProblemFactory(exam=exam)
        factories.FigureFactory(exam=exam)
    client.force_login(user)
    client.get(reverse("admin:exams_exam_changelist"))
    with django_assert_num_queries(queries):
        response = client.get(reverse(f"admin:{page}"))
    assert response.context["cl"].result_count == count


@pytest.mark.parametrize("count", [1, 3])
def test_exam_page_takes_the_same_number_of_queries(client, exam, django_assert_num_queries, count):
    for number in range(1, count + 1):
        factories.ProblemFactory(exam=exam, number=number)
        factories.TimeBlockFactory(exam=exam)
    organiser_of(client, exam)
    client.get(change_url(exam))
    with django_assert_num_queries(25):
        assert client.get(change_url(exam)).status_code == 200


def test_exam_page_leads_to_its_problems(client, exam):
    problem = factories.ProblemFactory(exam=exam, number=4, not_counted=True, not_counted_reason="Wrong.")
    organiser_of(client, exam)
    page = client.get(change_url(exam)).content.decode()
    link = reverse("admin:exams_problem_change", args=[problem.pk])
    assert f'<a href="{link}">Problem 4</a>: integer, 7 points, not counted' in page


def test_time_blocks_keep_their_seconds(client, exam):
    factories.TimeBlockFactory(exam=exam, opens_at=factories.NOW.replace(second=30))
    organiser_of(client, exam)
    assert 'value="2026-03-14T16:00:30"' in client.get(change_url(exam)).content.decode()


def test_exam_pages_show_only_the_exams_of_ones_roles(client, exam):
    other = factories.ExamFactory()
    organiser_of(client, exam)
    response = client.get(reverse("admin:exams_exam_changelist"))
    assert [row.pk for row in response.context["cl"].result_list] == [exam.pk]
    assert client.get(change_url(other)).status_code == 404
    assert client.get(reverse("admin:exams_exam_preview", args=[other.pk])).status_code == 404


@pytest.mark.parametrize("role", ["grader", "lead_grader", "proctor", "observer"])
def test_exam_page_is_only_to_be_read_without_the_role_of_an_organiser(client, exam, role):
    factories.TimeBlockFactory(exam=exam, zone="America/New_York")
    organiser_of(client, exam, role)
    response = client.get(change_url(exam))
    assert not response.context["has_change_permission"]
    assert "14 March 2026, 10:00 to 14 March 2026, 12:00 (America/New_York)" in response.content.decode()
    assert client.post(change_url(exam), posted(exam, title="Mine")).status_code == 403


def test_exam_page_is_closed_to_those_without_any_role(client, exam):
    client.force_login(factories.UserFactory())
    assert client.get(reverse("admin:exams_exam_changelist")).status_code == 403
    assert client.get(reverse("admin:exams_exam_preview", args=[exam.pk])).status_code == 404


def test_exam_page_saves_and_bumps_the_version_once(client, exam):
    organiser_of(client, exam)
    response = client.post(
        change_url(exam), posted(exam, title="Autumn", instructions="Write *clearly*, $x$.")
    )
    assert response.status_code == 302
    before = exam.version
    exam.refresh_from_db()
    assert exam.title == "Autumn"
    assert "<em>clearly</em>" in exam.instructions_html
    assert exam.version == before + 1


def test_exam_page_does_not_put_back_what_others_moved_meanwhile(client, exam, monkeypatch):
    """The row was read before the sitting wrote its first start: saving the form must not undo that."""
    organiser_of(client, exam)
    real = editing.figure_addresses

    def meanwhile(exam_id):
        Exam.objects.filter(pk=exam_id).update(first_started_at=factories.NOW, version=41)
        return real(exam_id)

    monkeypatch.setattr(editing, "figure_addresses", meanwhile)
    assert client.post(change_url(exam), posted(exam, title="Autumn")).status_code == 302
    exam.refresh_from_db()
    assert (exam.first_started_at, exam.version) == (factories.NOW, 42)


@pytest.mark.parametrize(
    ("changes", "field", "message"),
    [
        ({"instructions": "$\\foo$"}, "instructions", "unknown command \\foo"),
        ({"zone": "Berlin"}, "zone", "is not a time zone"),
        ({"clock": "personal"}, "__all__", "A personal duration needs its minutes"),
        ({"grace_seconds": 601}, "grace_seconds", "600"),
        ({"title": ""}, "title", "required"),
    ],
)
def test_exam_page_refuses(client, exam, changes, field, message):
    organiser_of(client, exam)
    response = client.post(change_url(exam), posted(exam, **changes))
    assert message in str(errors_of(response)[field])


def block(**changes):
    return {
        "name": "Main",
        "zone": "",
        "opens_at": "2026-03-14T15:00",
        "last_entry_at": "",
        "closes_at": "2026-03-14T18:00",
        **changes,
    }


@pytest.mark.parametrize(
    ("zone", "opens_at"),
    [
        ("", datetime(2026, 3, 14, 14, tzinfo=UTC)),
        ("America/New_York", datetime(2026, 3, 14, 19, tzinfo=UTC)),
    ],
)
def test_time_blocks_are_entered_and_shown_in_their_zone(client, exam, zone, opens_at):
    organiser_of(client, exam)
    assert client.post(change_url(exam), posted(exam, [block(zone=zone)])).status_code == 302
    assert TimeBlock.objects.get().opens_at == opens_at
    page = client.get(change_url(exam)).content.decode()
    assert 'value="2026-03-14T15:00"' in page


def test_time_blocks_that_were_not_touched_do_not_count_as_changed(client, exam):
    row = factories.TimeBlockFactory(exam=exam)
    organiser_of(client, exam)
    form = client.get(change_url(exam)).context["inline_admin_formsets"][0].formset.forms[0]
    data = posted(exam, [{key: form[key].value() or "" for key in form.fields if key != "DELETE"}])
    for key in ("opens_at", "closes_at"):
        data[f"time_blocks-0-{key}"] = data[f"time_blocks-0-{key}"].isoformat()
    data.update({"time_blocks-INITIAL_FORMS": 1, "time_blocks-0-id": row.pk, "time_blocks-0-exam": exam.pk})
    assert client.post(change_url(exam), data).status_code == 302
    assert row.events.filter(pgh_label="update").count() == 0


@pytest.mark.parametrize(
    ("changes", "field", "message"),
    [
        ({"opens_at": "2026-03-29T02:30"}, "opens_at", "the clocks skip this time"),
        ({"closes_at": "2026-10-25T02:30"}, "closes_at", "the clocks show this time twice"),
        ({"zone": "America/New_York", "opens_at": "2026-03-08T02:30"}, "opens_at", "In America/New_York"),
        ({"closes_at": "2026-03-14T15:00"}, "__all__", "A time block closes after it opens"),
        ({"last_entry_at": "2026-03-14T19:00"}, "__all__", "The last entry lies after the opening"),
        ({"zone": "Berlin"}, "zone", "is not a time zone"),
        ({"opens_at": "noon"}, "opens_at", "valid date/time"),
        ({"opens_at": ""}, "opens_at", "required"),
    ],
)
def test_time_blocks_refuse(client, exam, changes, field, message):
    organiser_of(client, exam)
    response = client.post(change_url(exam), posted(exam, [block(**changes)]))
    assert response.status_code == 200
    assert message in str(errors_of(response)[field])
    assert not TimeBlock.objects.exists()


def test_time_blocks_refuse_two_of_one_name(client, exam):
    organiser_of(client, exam)
    response = client.post(change_url(exam), posted(exam, [block(), block()]))
    assert "duplicate" in response.content.decode()
    assert not TimeBlock.objects.exists()


def test_time_blocks_that_somebody_is_registered_for_stay(client, exam):
    row = factories.TimeBlockFactory(exam=exam)
    factories.RegistrationFactory(exam=exam, time_block=row)
    organiser_of(client, exam)
    gone = posted(exam, [block(id=row.pk, exam=exam.pk, DELETE="on")], **{"time_blocks-INITIAL_FORMS": 1})
    response = client.post(change_url(exam), gone)
    assert "protected" in response.content.decode()
    assert TimeBlock.objects.exists()


def test_exam_is_added_with_a_contest_of_its_own(admin_client):
    new = factories.ExamFactory.build(slug="new", contest=None)
    response = admin_client.post(reverse("admin:exams_exam_add"), posted(new, [block()]))
    assert response.status_code == 302
    exam = Exam.objects.get(slug="new")
    assert exam.contest == Contest.objects.get(slug="new")
    assert exam.time_blocks.count() == 1


def test_exam_is_added_only_with_the_permission_and_then_it_is_ones_own(client, exam):
    from django.contrib.auth.models import Permission  # noqa: PLC0415

    organiser_of(client, exam)
    assert client.get(reverse("admin:exams_exam_add")).status_code == 403
    user = factories.UserFactory()
    user.user_permissions.add(Permission.objects.get(codename="add_exam"))
    client.force_login(user)
    new = factories.ExamFactory.build(slug="new", contest=None)
    client.post(reverse("admin:exams_exam_add"), posted(new))
    assert ExamStaff.objects.get(exam__slug="new", user=user).role == "organiser"


def test_preview_shows_the_paper_disabled(client, exam):
    factories.TimeBlockFactory(exam=exam, name="Americas", zone="America/New_York")
    choice = factories.ProblemFactory(
        exam=exam, number=1, kind="choice", accepted=["A"], solution_html="SECRET"
    )
    figure = editing.put_figure(exam_id=exam.pk, name="t.svg", data=SVG, actor=None)
    editing.add_statement_version(
        problem_id=choice.pk,
        source="Newer ![t](t.svg) $x$",
        choices=[{"label": "A", "text": "$1$"}, {"label": "B", "text": "two"}],
        note="Corrected.",
        actor=None,
        now=factories.NOW,
    )
    for number, kind in enumerate(("integer", "expression", "proof"), start=2):
        factories.ProblemFactory(exam=exam, number=number, kind=kind, accepted=[])
    organiser_of(client, exam, "observer")
    page = client.get(reverse("admin:exams_exam_preview", args=[exam.pk])).content.decode()
    assert page.count('<fieldset class="preview-answer" disabled>') == 4
    for shown in ("Newer", f"/figures/{figure.public_id}/", "Corrected.", 'value="B"', "katex"):
        assert shown in page
    assert (
        "Saturday 14 March 2026, 10:00 to Saturday 14 March 2026, 12:00 (America/New_York)"
        in page.replace("\n", " ")
    )
    for number in (1, 2, 3, 4):
        assert f'data-testid="answer-{number}"' in page
    assert "SECRET" not in page


@pytest.mark.parametrize("count", [1, 3])
def test_preview_takes_the_same_number_of_queries(client, exam, django_assert_num_queries, count):
    for number in range(1, count + 1):
        factories.ProblemFactory(exam=exam, number=number)
        factories.TimeBlockFactory(exam=exam)
    organiser_of(client, exam)
    with django_assert_num_queries(7):
        client.get(reverse("admin:exams_exam_preview", args=[exam.pk]))


def test_who_only_looks_is_not_led_to_accounts_or_an_empty_history(client):
    exam = factories.ExamFactory()
    organiser_of(client, exam, "observer")
    page = client.get(reverse("admin:exams_exam_change", args=[exam.pk])).content.decode()
    assert "observer" in page
    assert "/console/auth/user/" not in page
    assert "historylink" not in page

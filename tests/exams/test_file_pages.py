"""Import in two steps, export, and the figures of an exam, as pages of the console."""

import io
import json
import zipfile
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from apps.exams.models import Exam, ExamUpload, Figure
from apps.exams.selectors.figures import list_figures
from apps.exams.services import editing, uploading
from apps.exams.services.exporting import StatementMissing, export_exam
from apps.exams.services.importing import ExamFileInvalid
from tests import factories
from tests.exams.papers import SVG, TREE, YAML, tree
from tests.factories import NOW

pytestmark = pytest.mark.django_db

UPLOAD = "/console/exams/exam/import/"


def upload(client, text=YAML, name="exam.yaml", figures=("triangle.svg",)):
    file = SimpleUploadedFile(name, text.encode() if isinstance(text, str) else text)
    beside = [SimpleUploadedFile(figure, SVG) for figure in figures]
    return client.post(UPLOAD, {"file": file, "figures": beside})


def test_import_shows_first_what_it_would_make(admin_client):
    response = upload(admin_client)
    kept = ExamUpload.objects.get()
    assert response["Location"] == f"{UPLOAD}{kept.pk}/"
    assert not Exam.objects.exists()
    page = admin_client.get(response["Location"]).content.decode()
    for told in (
        "Spring Round",
        "spring-2026",
        "14 March 2026, 15:00 to 14 March 2026, 18:00 (America/New_York)",
        "Let $n$ be an integer.",
        "28, 028",
    ):
        assert told in page
    assert not Exam.objects.exists()
    response = admin_client.post(response["Location"])
    exam = Exam.objects.get()
    assert response["Location"] == reverse("admin:exams_exam_change", args=[exam.pk])
    assert (exam.problems.count(), exam.figures.get().name) == (4, "triangle.svg")
    assert not ExamUpload.objects.exists()


@pytest.mark.parametrize("name", ["exam.json", "exam.zip"])
def test_import_takes_json_and_zip(admin_client, name):
    if name == "exam.json":
        response = upload(admin_client, json.dumps(TREE), name, figures=())
    else:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            archive.writestr("exam.yaml", YAML)
            archive.writestr("triangle.svg", SVG)
        response = upload(admin_client, out.getvalue(), name, figures=())
    admin_client.post(response["Location"])
    assert Exam.objects.get().slug == "spring-2026"


def test_import_lists_every_fault_by_its_place_and_keeps_nothing(admin_client):
    wrong = YAML.replace("zone: Europe/Berlin", "zone: Berlin").replace("number: 4", "number: 2")
    wrong = wrong.replace("\\sqrt{8}", "\\foo{8}")
    response = upload(admin_client, wrong, figures=())
    assert response.status_code == 422
    faults = response.context["faults"]
    assert [fault.split(": ")[0] for fault in faults] == [
        "zone (line 4)",
        "problem 2 (4 of the list), number (line 52)",
        "problem 1, statement (line 27)",
        "problem 3, statement (line 50), line 1 of the text",
    ]
    page = response.content.decode()
    assert "4 things to correct; nothing was written" in page
    assert page.count("<li>") >= 4
    assert not ExamUpload.objects.exists()


@pytest.mark.parametrize(
    ("text", "name", "figures", "message"),
    [
        (YAML, "exam.txt", (), "is named neither of"),
        (b"\xff\xfe", "exam.yaml", (), "is not UTF-8 text"),
        (b"PK", "exam.zip", (), "is not a ZIP file"),
        (b"PK", "exam.zip", ("triangle.svg",), "a ZIP holds its figures"),
    ],
)
def test_import_refuses_what_is_no_exam_file(admin_client, text, name, figures, message):
    assert message in upload(admin_client, text, name, figures).context["faults"][0]


def test_import_asks_for_a_file(admin_client):
    assert "required" in str(admin_client.post(UPLOAD).context["form"].errors["file"])


def test_import_refuses_what_is_too_large(admin_client, monkeypatch):
    monkeypatch.setattr(uploading, "MAX_UPLOAD_BYTES", 100)
    assert "larger than 20 MB" in upload(admin_client).context["faults"][0]
    with pytest.raises(uploading.UploadTooLarge):
        keep(factories.UserFactory())


def keep(user, now=NOW, **changes):
    return uploading.keep_upload(
        name="exam.json", data=json.dumps(tree(**changes)).encode(), figures={}, actor=user, now=now
    )


def test_import_upload_happens_once_and_only_by_whose_it_is():
    user = factories.UserFactory()
    kept = keep(user)
    with pytest.raises(uploading.UploadGone):
        uploading.import_upload(upload_id=kept.pk, actor=factories.UserFactory(), now=NOW)
    assert uploading.preview_upload(upload_id=kept.pk, actor=user, now=NOW).exam_id is None
    assert uploading.import_upload(upload_id=kept.pk, actor=user, now=NOW).exam_id
    with pytest.raises(uploading.UploadGone):
        uploading.import_upload(upload_id=kept.pk, actor=user, now=NOW)


def test_import_upload_forgets_after_a_day():
    user = factories.UserFactory()
    kept = keep(user)
    with pytest.raises(uploading.UploadGone):
        uploading.import_upload(upload_id=kept.pk, actor=user, now=NOW + timedelta(hours=25))
    keep(user, now=NOW + timedelta(hours=25))
    assert not ExamUpload.objects.filter(pk=kept.pk).exists()


def test_keep_upload_refuses_like_import():
    with pytest.raises(ExamFileInvalid):
        keep(factories.UserFactory(), zone="Berlin")
    assert not ExamUpload.objects.exists()


def test_import_page_tells_when_the_slug_was_taken_meanwhile(admin_client):
    page = upload(admin_client)["Location"]
    factories.ExamFactory(slug="spring-2026")
    response = admin_client.post(page, follow=True)
    assert "There is already an exam spring-2026" in response.content.decode()
    assert Exam.objects.count() == 1


def test_import_page_that_is_gone_is_not_there(admin_client):
    assert admin_client.get(f"{UPLOAD}1/").status_code == 404


def test_import_pages_are_for_those_who_may_make_exams(client):
    client.force_login(factories.ExamStaffFactory().user)
    assert client.get(UPLOAD).status_code == 403
    assert client.post(f"{UPLOAD}1/").status_code == 403


@pytest.fixture
def exam():
    return factories.ExamFactory(slug="spring")


@pytest.fixture
def organiser(client, exam):
    client.force_login(factories.ExamStaffFactory(exam=exam).user)
    return client


def download_url(exam, ending):
    return reverse("admin:exams_exam_download", args=[exam.pk, ending])


@pytest.mark.parametrize(
    ("ending", "media_type"),
    [("zip", "application/zip"), ("yaml", "application/yaml"), ("json", "application/json")],
)
def test_export_downloads_what_import_takes(organiser, admin_client, exam, ending, media_type):
    factories.ProblemFactory(exam=exam, number=1)
    links = organiser.get(reverse("admin:exams_exam_export", args=[exam.pk])).content.decode()
    assert download_url(exam, ending) in links
    response = organiser.get(download_url(exam, ending))
    assert response["Content-Type"] == media_type
    assert response["Content-Disposition"] == f'attachment; filename="spring.{ending}"'
    exam.delete()
    again = upload(admin_client, response.content, f"spring.{ending}", figures=())
    assert again.status_code == 302


def test_export_refuses_a_problem_without_a_statement(organiser, exam):
    factories.ProblemFactory(exam=exam, number=5, statement=None)
    with pytest.raises(StatementMissing):
        export_exam(exam_id=exam.pk)
    response = organiser.get(download_url(exam, "zip"), follow=True)
    assert "Problem 5 has no statement yet; write it first." in response.content.decode()


def test_export_is_the_organisers(client, organiser, exam):
    assert organiser.get(download_url(exam, "exe")).status_code == 404
    assert organiser.get(download_url(factories.ExamFactory(), "zip")).status_code == 404
    client.force_login(factories.ExamStaffFactory(exam=exam, role="observer").user)
    assert client.get(download_url(exam, "zip")).status_code == 403


def figures_url(exam):
    return reverse("admin:exams_exam_figures", args=[exam.pk])


@pytest.fixture
def shown(exam):
    """One figure that three places show, and one that none does."""
    for name in ("a.svg", "b.svg"):
        editing.put_figure(exam_id=exam.pk, name=name, data=SVG, actor=None)
    problem = factories.ProblemFactory(exam=exam, number=4)
    editing.add_statement_version(
        problem_id=problem.pk, source='![A "square" & more](a.svg)', actor=None, now=NOW
    )
    address = editing.figure_addresses(exam.pk)["a.svg"]
    problem.solution_html = f'<p><img src="{address}" alt="The same"></p>'
    problem.save()
    Exam.objects.filter(pk=exam.pk).update(instructions_html=f'<img src="{address}" alt="Logo">')
    return problem


def test_list_figures_tells_where_each_is_shown_and_with_which_words(exam, shown):
    first, second = list_figures(exam.pk)
    assert [(use.place, use.problem_id, use.alt) for use in first.uses] == [
        ("instructions", None, "Logo"),
        ("problem 4", shown.pk, 'A "square" & more'),
        ("the solution of problem 4", shown.pk, "The same"),
    ]
    assert (first.name, first.kind, first.width, second.uses) == ("a.svg", "SVG", 40, ())


def test_figures_page_leads_to_replacing_and_removing(client, organiser, exam, shown):
    page = organiser.get(figures_url(exam)).content.decode()
    used, unused = Figure.objects.order_by("name")
    assert f"/figures/{used.public_id}/" in page
    assert "A &quot;square&quot; &amp; more" in page
    assert "Not shown anywhere" in page
    assert reverse("admin:exams_figure_change", args=[used.pk]) in page
    assert reverse("admin:exams_figure_delete", args=[used.pk]) not in page
    assert reverse("admin:exams_figure_delete", args=[unused.pk]) in page
    client.force_login(factories.ExamStaffFactory(exam=exam, role="observer").user)
    assert "Replace" not in client.get(figures_url(exam)).content.decode()


@pytest.mark.parametrize("count", [1, 3])
def test_figures_page_takes_the_same_number_of_queries(organiser, exam, django_assert_num_queries, count):
    for number in range(1, count + 1):
        factories.FigureFactory(exam=exam)
        factories.ProblemFactory(exam=exam, number=number)
    organiser.get(figures_url(exam))
    with django_assert_num_queries(10):
        organiser.get(figures_url(exam))


def test_exam_page_lists_these_pages(admin_client, exam):
    page = admin_client.get(reverse("admin:exams_exam_change", args=[exam.pk])).content.decode()
    for name in ("figures", "duplicate", "export"):
        assert reverse(f"admin:exams_exam_{name}", args=[exam.pk]) in page
    assert UPLOAD in admin_client.get(reverse("admin:exams_exam_changelist")).content.decode()

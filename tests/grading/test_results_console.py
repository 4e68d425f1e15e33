"""The organisers' results page: what is missing, publish, withdraw, export."""

import csv
import io

import pytest
from django.urls import reverse
from openpyxl import load_workbook

from apps.exams.enums import StaffRole
from apps.grading.models import Publication
from tests import factories
from tests.support.confirming import confirm

pytestmark = pytest.mark.django_db


@pytest.fixture
def page(client, organiser, exam):
    client.force_login(organiser)
    confirm(client)
    return reverse("admin:grading_results", args=[exam.pk])


def address(name, exam, *args):
    return reverse(f"admin:grading_{name}", args=[exam.pk, *args])


@pytest.mark.parametrize(
    ("role", "elsewhere", "status"),
    [
        (StaffRole.ORGANISER, True, 404),
        (StaffRole.GRADER, False, 403),
        (StaffRole.LEAD_GRADER, False, 403),
        (StaffRole.PROCTOR, False, 403),
    ],
)
def test_pages_are_for_the_exams_organisers_only(client, staff, grade, exam, role, elsewhere, status):
    grade(7, 3)
    client.force_login(staff(role, in_exam=factories.ExamFactory() if elsewhere else None))
    assert client.get(address("results", exam)).status_code == status
    assert client.get(address("export", exam, "csv")).status_code == status
    assert client.post(address("publish", exam), {"newest_seen": 0}).status_code == status
    assert client.post(address("withdraw", exam), {"reason": "x"}).status_code == status
    assert not Publication.objects.exists()


def test_the_page_names_what_is_missing(client, page, hand_in):
    hand_in("42", "1")
    text = client.get(page).content.decode()
    assert "Problem 1: 1 answer is not scored." in text
    assert "Publish the results" not in text


def test_publish_and_withdraw(client, page, grade, exam):
    grade(7, 3)
    assert "Everything is scored." in client.get(page).content.decode()
    client.post(address("publish", exam), {"newest_seen": 0})
    assert Publication.objects.standing().get().number == 1
    assert "is what contestants see." in client.get(page).content.decode()
    client.post(address("withdraw", exam), {"reason": "Problem 2 was misread."})
    text = client.get(page).content.decode()
    assert "Nothing is published" in text
    assert "Problem 2 was misread." in text


def test_publishing_unfinished_work_is_refused(client, page, hand_in, exam):
    hand_in("42", "1")
    response = client.post(address("publish", exam), {"newest_seen": 0})
    assert response.status_code == 409
    assert "Problem 2: 1 answer is not scored." in response.content.decode()


@pytest.mark.parametrize("seen", [{}, {"newest_seen": "7"}, {"newest_seen": "x"}])
def test_publishing_on_top_of_what_one_has_not_seen_is_refused(client, page, grade, exam, seen):
    grade(7, 3)
    response = client.post(address("publish", exam), seen)
    assert response.status_code == 409
    assert not Publication.objects.exists()


def test_withdrawing_needs_a_reason_and_a_publication(client, page, grade, exam, publish):
    assert client.post(address("withdraw", exam), {"reason": "Too early."}).status_code == 409
    grade(7, 3)
    publish()
    assert client.post(address("withdraw", exam), {"reason": ""}).status_code == 400
    assert Publication.objects.standing().exists()


def test_exports(client, page, grade, exam, publish):
    grade(7, 3, contestant__name="=1+1", contestant__number=417)
    assert client.get(address("export", exam, "csv")).status_code == 404
    draft = client.get(address("export", exam, "csv"), {"draft": ""})
    assert f"{exam.slug}-results-draft.csv" in draft["Content-Disposition"]
    publish()
    (row,) = csv.DictReader(io.StringIO(client.get(address("export", exam, "csv")).content.decode()))
    assert (row["rank"], row["number"], row["name"], row["total"]) == ("1", "0417", "'=1+1", "10")
    workbook = load_workbook(io.BytesIO(client.get(address("export", exam, "xlsx")).content))
    assert workbook.active["D2"].value == "=1+1"
    assert workbook.active["D2"].data_type == "s"
    assert client.get(address("export", exam, "pdf")).status_code == 404


def test_the_list_of_publications_is_limited_to_ones_own_exams(client, page, publish, grade):
    grade(7, 3)
    publication = publish()
    foreign = factories.PublicationFactory(exam__title="Foreign Round")
    listing = reverse("admin:grading_publication_changelist")
    assert "Foreign Round" not in client.get(listing).content.decode()
    own, other = (
        client.get(reverse("admin:grading_publication_change", args=[one.pk]))
        for one in (publication, foreign)
    )
    assert own["Location"] == page
    assert other.status_code == 404


def test_the_door_leads_straight_to_the_only_exam(client, page):
    assert client.get(reverse("admin:grading_results_list"))["Location"] == page


def test_the_door_lists_several_exams(client, page, organiser):
    factories.ExamStaffFactory(user=organiser, exam__title="Autumn Round", role=StaffRole.ORGANISER)
    factories.ExamFactory(title="Foreign Round")
    text = client.get(reverse("admin:grading_results_list")).content.decode()
    assert "Autumn Round" in text
    assert "Foreign Round" not in text


@pytest.mark.parametrize("contestants", [1, 3])
def test_page_query_count_does_not_grow(client, page, grade, publish, contestants, django_assert_num_queries):
    for _ in range(contestants):
        grade(1, 1)
        publish()
    with django_assert_num_queries(21):
        client.get(page)

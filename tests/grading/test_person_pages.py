"""A contestant's data in the console: a copy, and erasing, for organisers only."""

import io
import zipfile
from datetime import timedelta

import pytest
from django.urls import reverse

from apps.access.models import Contestant, Erasure, Registration
from apps.access.services.issuing import issue_keys_for
from apps.access.services.people import ContestantErased, change_contestant, change_registration
from apps.exams.enums import StaffRole
from apps.grading.services.erasing import erase_contestant
from apps.submissions.models import Submission
from tests import factories
from tests.support.canaries import build_world, canary
from tests.support.confirming import confirm
from tests.support.console import text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    return build_world()


@pytest.fixture
def organiser(world):
    return factories.ExamStaffFactory(exam=world.exam, role=StaffRole.ORGANISER).user


@pytest.fixture
def console(client, organiser):
    client.force_login(organiser, "django.contrib.auth.backends.ModelBackend")
    return confirm(client)


def page(name, world):
    return reverse(f"admin:grading_contestant_{name}", args=[world.contestant.pk])


def erase(client, world, **typed):
    form = {"reason": "Asked by the parents", "number": f"{world.contestant.number:04d}", **typed}
    return client.post(page("erase", world), form)


def test_the_contestants_page_leads_there(console, world):
    response = console.get(reverse("admin:submissions_contestant", args=[world.contestant.pk]))
    assert page("data", world) in response.content.decode()


def test_the_page_says_what_goes_and_what_stays(console, world):
    said = text_of(console.get(page("data", world)))
    assert "texts of answers, with every revision: 4" in said
    assert "points, total, rank and standing, in results too" in said


def test_the_copy_is_a_file_for_nobodys_cache(console, world):
    response = console.post(page("export", world))
    assert "no-store" in response["Cache-Control"]
    with zipfile.ZipFile(io.BytesIO(response.content)) as archive:
        assert canary("Answer1") in archive.read("contestant.txt").decode()


def test_erasing_says_so_and_leaves_the_number(console, world, organiser):
    response = console.post(
        page("erase", world), {"reason": "Asked", "number": world.contestant.number}, follow=True
    )
    assert f"Contestant {world.contestant.public_number} is erased." in text_of(response)
    assert f"by {organiser.username}: Asked" in text_of(response)
    assert Erasure.objects.get().erased_by == organiser
    person = text_of(console.get(reverse("admin:submissions_contestant", args=[world.contestant.pk])))
    assert "This contestant was erased on" in person
    assert "Correct" not in person
    assert "Issue a key" not in person


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"reason": ""}, "This field is required."),
        ({"number": "1234567"}, "This is not the number of this contestant."),
        ({"number": ""}, "This field is required."),
    ],
)
def test_what_is_missing_is_said_and_nothing_goes(console, world, typed, sentence):
    response = erase(console, world, **typed)
    assert response.status_code == 400
    assert sentence in text_of(response)
    assert not Erasure.objects.exists()


def test_a_reason_that_names_the_person_is_refused(console, world):
    response = erase(console, world, reason=f"{canary('Ana')} left")
    assert response.status_code == 400
    assert "say it without" in text_of(response)
    assert not Erasure.objects.exists()


def test_an_open_paper_is_told_in_place_of_the_form(console, world, real_now):
    Submission.objects.filter(pk=world.paper.pk).update(
        submitted_at=None, submitted_by="", deadline_at=real_now + timedelta(hours=1)
    )
    response = console.get(page("data", world))
    assert "paper is still open" in text_of(response)
    assert page("erase", world) not in response.content.decode()
    assert erase(console, world).status_code == 409
    assert not Erasure.objects.exists()


@pytest.mark.parametrize("name", ["export", "erase"])
def test_both_ask_for_the_password_again(client, world, organiser, name):
    client.force_login(organiser, "django.contrib.auth.backends.ModelBackend")
    response = client.post(page(name, world), {"reason": "Asked", "number": world.contestant.number})
    assert "Please type your password again" in text_of(response)
    assert not Erasure.objects.exists()


def test_who_also_sits_an_exam_of_others_is_not_theirs_alone(console, world):
    second = factories.ExamFactory(contest=world.exam.contest)
    block = factories.TimeBlockFactory(exam=second)
    factories.RegistrationFactory(exam=second, contestant=world.contestant, time_block=block)
    assert console.get(page("data", world)).status_code == 403
    assert console.post(page("export", world)).status_code == 403
    assert erase(console, world).status_code == 403


def test_nothing_is_written_down_about_an_erased_contestant(world, now):
    registration = Registration.objects.get(pk=world.registration.pk)
    erase_contestant(contestant_id=world.contestant.pk, reason="Asked", actor=None, now=now)
    with pytest.raises(ContestantErased):
        change_contestant(contestant_id=world.contestant.pk, changes={"name": "Ana"}, actor=None)
    with pytest.raises(ContestantErased):
        change_registration(registration_id=registration.pk, changes={"extra_minutes": 5}, actor=None)
    with pytest.raises(ContestantErased):
        issue_keys_for(
            exam_id=world.exam.pk, registration_ids=[registration.pk], replace=False, actor=None, now=now
        )
    assert Contestant.objects.get(pk=world.contestant.pk).name == ""


@pytest.mark.parametrize("model", ["contestant", "registration"])
def test_the_forms_of_an_erased_contestant_are_to_look_at_only(console, world, now, model):
    row = world.contestant if model == "contestant" else world.registration
    erase_contestant(contestant_id=world.contestant.pk, reason="Asked", actor=None, now=now)
    address = reverse(f"admin:access_{model}_change", args=[row.pk])
    assert 'name="_save"' not in console.get(address).content.decode()
    assert console.post(address, {"name": "Ana"}).status_code == 403

"""A contestant on one page, for organisers."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.exams.enums import StaffRole
from apps.submissions.models import TimeChange
from apps.submissions.services.timing import move_deadline
from tests import factories
from tests.support.confirming import confirm
from tests.support.console import act, listed, text_of

pytestmark = pytest.mark.django_db


def page_of(contestant):
    return f"/console/submissions/submission/contestant/{contestant.pk}/"


@pytest.fixture
def registration():
    block = factories.TimeBlockFactory(name="Europe", zone="Europe/Berlin", exam__title="Spring Round")
    return factories.RegistrationFactory(
        exam=block.exam,
        time_block=block,
        contestant__number=417,
        contestant__room="101",
        contestant__school=factories.SchoolFactory(contest=block.exam.contest, name="Gauss School"),
        extra_minutes=10,
    )


@pytest.fixture
def organiser(registration):
    return factories.ExamStaffFactory(exam=registration.exam, role=StaffRole.ORGANISER).user


@pytest.fixture
def console(client, organiser):
    client.force_login(organiser)
    return confirm(client)


def test_everything_about_a_contestant_stands_on_one_page(console, organiser, registration, now):
    person = registration.contestant
    factories.AccessKeyFactory(contestant=person, hint="AAAA", revoked_at=now, revoked_reason="slip lost")
    key = factories.AccessKeyFactory(contestant=person, hint="BBBB", redeemed_at=now)
    paper = factories.SubmissionFactory(registration=registration)
    move_deadline(submission_id=paper.pk, minutes=7, reason="Fire alarm", actor_id=organiser.pk, now=now)
    response = console.get(page_of(person))
    page = text_of(response)
    for said in (
        "0417 Ana Kovač",
        "School Gauss School",
        "Room 101",
        "Europe, 14 Mar 2026, 15:00 to 17:00 (Europe/Berlin)",
        "10 minutes",
        "Started 15:30:00",
        "deadline 14 Mar, 17:07:00",
        f"17:00:00 → 17:07:00: Fire alarm ({organiser.username}, 14 Mar, 16:00:00)",
        "AAAA-… revoked Issued 14 Mar 2026, 16:00 in batch",
        "revoked 14 Mar 2026, 16:00:00: slip lost",
        "BBBB-… redeemed",
    ):
        assert said in page
    links = response.content.decode()
    assert f"/console/submissions/submission/{paper.pk}/change/" in links
    assert f"/console/access/keybatch/{key.batch_id}/change/" in links
    assert "Issue a key" not in page


def test_who_has_no_key_is_issued_one_from_the_page(console, registration):
    page = text_of(console.get(page_of(registration.contestant)))
    assert "not started" in page
    assert "No key was issued yet." in page
    assert "Issue a key…" in page
    # The button is the list's own action, with one row chosen.
    assert "For 1 registration." in text_of(act(console, "registration", "issue_keys", [registration]))


def test_the_list_leads_to_the_page(console, registration):
    assert page_of(registration.contestant) in console.get(listed("contestant")).content.decode()


@pytest.mark.parametrize(
    "role", [StaffRole.GRADER, StaffRole.LEAD_GRADER, StaffRole.PROCTOR, StaffRole.OBSERVER]
)
def test_the_page_is_for_organisers(client, registration, role):
    client.force_login(factories.ExamStaffFactory(exam=registration.exam, role=role).user)
    assert client.get(page_of(registration.contestant)).status_code == 404


def test_anothers_contestant_and_a_missing_one_are_alike(console):
    stranger = factories.RegistrationFactory().contestant
    assert console.get(page_of(stranger)).status_code == 404
    stranger.pk += 1_000
    assert console.get(page_of(stranger)).status_code == 404


def test_of_a_contest_only_ones_own_exams_are_shown(console, registration):
    other = factories.TimeBlockFactory(
        exam=factories.ExamFactory(contest=registration.exam.contest, title="Somebody's exam")
    )
    theirs = factories.RegistrationFactory(
        contestant=registration.contestant, exam=other.exam, time_block=other
    )
    batch = factories.KeyBatchFactory(exam=other.exam)
    factories.AccessKeyFactory(contestant=registration.contestant, batch=batch)
    response = console.get(page_of(registration.contestant))
    assert "Spring Round" in text_of(response)
    assert "Somebody's exam" not in text_of(response)
    assert f"/registration/{theirs.pk}/" not in response.content.decode()
    assert f"/keybatch/{batch.pk}/" not in response.content.decode()


def test_the_page_takes_the_same_queries_for_1_and_3_of_everything(console, organiser, registration, now):
    counts = []
    for rows in (1, 3):
        contestant = factories.ContestantFactory(contest=registration.exam.contest, number=rows)
        for _ in range(rows):
            exam = factories.ExamStaffFactory(
                user=organiser, role=StaffRole.ORGANISER, exam__contest=registration.exam.contest
            ).exam
            sits = factories.RegistrationFactory(
                exam=exam, contestant=contestant, time_block=factories.TimeBlockFactory(exam=exam)
            )
            factories.SubmissionFactory(registration=sits)
            factories.AccessKeyFactory(contestant=contestant, revoked_at=now, revoked_reason="x")
            TimeChange.objects.create(
                registration=sits,
                deadline_before=now,
                deadline_after=now + timedelta(minutes=1),
                reason="x",
                changed_at=now,
                changed_by=organiser,
            )
        with CaptureQueriesContext(connection) as queries:
            assert console.get(page_of(contestant)).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 10

"""The console's pages of people and keys."""

import csv
from datetime import timedelta

import pghistory.models
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.access.models import AccessKey, KeyBatch, Registration
from apps.access.services.entry import redeem_key
from apps.exams.enums import StaffRole
from tests.factories import (
    AccessKeyFactory,
    ExamFactory,
    ExamStaffFactory,
    RegistrationFactory,
    SchoolFactory,
    TimeBlockFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

MODELS = ["contestant", "registration", "accesskey", "keybatch", "school"]


def sits(exam, number, **kwargs):
    block = exam.time_blocks.get()
    registration = RegistrationFactory(exam=exam, time_block=block, contestant__number=number, **kwargs)
    AccessKeyFactory(contestant=registration.contestant)
    return registration


def listed(model):
    return reverse(f"admin:access_{model}_changelist")


def act(client, model, action, rows, **fields):
    data = {"action": action, "_selected_action": [row.pk for row in rows], **fields}
    return client.post(listed(model), data, follow=True)


@pytest.mark.parametrize("model", MODELS)
def test_lists_take_the_same_queries_for_1_and_3_rows(console, exam, model):
    counts = []
    for rows in (1, 3):
        while Registration.objects.count() < rows:
            school = SchoolFactory(contest=exam.contest)
            sits(exam, Registration.objects.count() + 1, contestant__school=school)
        with CaptureQueriesContext(connection) as queries:
            page = console.get(listed(model)).content.decode()
        assert page.count('class="action-select"') in {0, rows}
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 20


@pytest.mark.parametrize("model", MODELS)
def test_lists_show_no_row_of_another_contest(console, exam, model):
    stranger = RegistrationFactory(contestant__name="Somebody Strange", contestant__number=900)
    key = AccessKeyFactory(contestant=stranger.contestant)
    school = SchoolFactory(contest=stranger.exam.contest, name="Somebody Strange")
    page = console.get(listed(model)).content.decode()
    assert "Somebody Strange" not in page
    assert "0900" not in page
    row = {"contestant": stranger.contestant, "registration": stranger, "accesskey": key}.get(model)
    row = row or {"keybatch": key.batch, "school": school}[model]
    assert console.get(reverse(f"admin:access_{model}_change", args=[row.pk])).status_code == 404


@pytest.mark.parametrize(
    "role", [StaffRole.GRADER, StaffRole.LEAD_GRADER, StaffRole.OBSERVER, StaffRole.PROCTOR]
)
@pytest.mark.parametrize("model", MODELS)
def test_names_and_keys_are_for_organisers(client, exam, role, model):
    sits(exam, 417)
    client.force_login(ExamStaffFactory(exam=exam, role=role).user)
    assert client.get(listed(model)).status_code == 403


@pytest.mark.parametrize("page", ["access_accesskey_issue", "access_contestant_roster"])
def test_own_pages_ask_for_the_right(client, exam, page):
    address = reverse(f"admin:{page}")
    assert client.get(address)["Location"].startswith("/console/login/")
    client.force_login(ExamStaffFactory(exam=exam, role=StaffRole.GRADER).user)
    assert client.get(address).status_code == 403
    assert client.post(address, {"exam": exam.pk, "count": 1}).status_code == 403
    assert not AccessKey.objects.exists()


def test_keys_can_be_neither_added_changed_nor_deleted(console, exam):
    key = AccessKeyFactory(
        contestant=sits(exam, 417).contestant, revoked_at=exam_time(exam), revoked_reason="x"
    )
    assert console.get(reverse("admin:access_accesskey_add")).status_code == 403
    page = reverse("admin:access_accesskey_change", args=[key.pk])
    assert console.get(page).status_code == 200
    assert console.post(page, {"hint": "AAAA"}).status_code == 403
    assert (
        console.post(reverse("admin:access_accesskey_delete", args=[key.pk]), {"post": "yes"}).status_code
        == 403
    )
    assert "delete_selected" not in console.get(listed("accesskey")).content.decode()


def exam_time(exam):
    return exam.time_blocks.get().opens_at


def test_issue_page_answers_with_the_keys_once(console, exam, organiser, now):
    address = reverse("admin:access_accesskey_issue")
    assert 'name="count"' in console.get(address).content.decode()
    response = console.post(address, {"exam": exam.pk, "count": 2, "tester": "on"})
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert "no-store" in response["Cache-Control"]
    batch = KeyBatch.objects.get()
    assert response["Content-Disposition"] == f'attachment; filename="keys-batch-{batch.pk}.csv"'
    rows = list(csv.DictReader(response.content.decode().splitlines()))
    assert [row["number"] for row in rows] == ["0001", "0002"]
    assert redeem_key(typed=rows[0]["key"], now=now)
    assert batch.created_by == organiser
    assert Registration.objects.filter(tester=True).count() == 2
    event = pghistory.models.Events.objects.tracks(AccessKey.objects.first()).first()
    assert event.pgh_context["actor"] == organiser.pk


def test_issue_page_refuses(console, exam):
    stranger = TimeBlockFactory().exam
    address = reverse("admin:access_accesskey_issue")
    for wrong, sentence in (
        ({"exam": stranger.pk}, "Select a valid choice"),
        ({"count": 0}, "greater than or equal to 1"),
        ({"time_block": "Asia"}, "There is no time block “Asia”"),
    ):
        page = console.post(address, {"exam": exam.pk, "count": 1, **wrong}).content.decode()
        assert sentence in page
    assert not AccessKey.objects.exists()


def test_issue_action_leaves_or_replaces_keys(console, exam):
    registration = sits(exam, 417)
    assert (
        "the keys stand nowhere else"
        in act(console, "registration", "issue_keys", [registration]).content.decode()
    )
    kept = act(console, "registration", "issue_keys", [registration], issue="1")
    assert "have a key already" in kept.content.decode()
    response = act(console, "registration", "issue_keys", [registration], issue="1", replace="on")
    [row] = csv.DictReader(response.content.decode().splitlines())
    assert row["number"] == "0417"
    assert AccessKey.objects.valid().get().hint == row["hint"]


def test_issue_action_takes_one_exam_at_a_time(console, exam, organiser):
    second = ExamStaffFactory(user=organiser, role=StaffRole.ORGANISER, exam__title="Second").exam
    rows = [sits(exam, 1), RegistrationFactory(exam=second)]
    page = act(console, "registration", "issue_keys", rows, issue="1").content.decode()
    assert "Choose registrations of one exam at a time." in page


@pytest.mark.parametrize("action", ["revoke", "end_sessions"])
def test_keys_are_ended_with_a_reason_only(console, exam, organiser, action):
    sits(exam, 417)
    key = AccessKey.objects.get()
    for fields in ({}, {"reason": " "}):
        page = act(console, "accesskey", action, [key], **fields).content.decode()
        assert 'name="reason"' in page
        key.refresh_from_db()
        assert (key.revoked_at, key.epoch) == (None, 1)
    page = act(console, "accesskey", action, [key], reason="slip lost").content.decode()
    assert "done for 1 key." in page
    key.refresh_from_db()
    assert (key.revoked_reason, key.epoch) == (("slip lost", 1) if action == "revoke" else ("", 2))
    event = pghistory.models.Events.objects.tracks(key).order_by("pgh_id").last()
    assert (event.pgh_context["actor"], event.pgh_context["reason"]) == (organiser.pk, "slip lost")


def test_keys_of_an_exam_one_does_not_manage_are_not_ended(console, exam):
    """The contest is seen through the organiser's own exam; its other exam is somebody else's."""
    other = TimeBlockFactory(exam=ExamFactory(contest=exam.contest)).exam
    key = AccessKeyFactory(
        contestant=sits(exam, 1).contestant, revoked_at=exam_time(exam), revoked_reason="x"
    )
    alien = AccessKeyFactory(
        contestant=sits(other, 2).contestant, revoked_at=exam_time(exam), revoked_reason="x"
    )
    chosen = [*AccessKey.objects.valid()]
    page = act(console, "accesskey", "revoke", chosen, reason="lost").content.decode()
    assert "opens no exam whose people you manage" in page
    assert AccessKey.objects.valid().count() == 2
    assert {key.pk, alien.pk}.isdisjoint({one.pk for one in chosen})


def test_contestants_are_corrected_through_the_service(console, exam, organiser):
    contestant = sits(exam, 417, contestant__name="Ann").contestant
    SchoolFactory(name="School of another contest")
    page = reverse("admin:access_contestant_change", args=[contestant.pk])
    assert "School of another contest" not in console.get(page).content.decode()
    nothing_inside = {"registrations-TOTAL_FORMS": 0, "registrations-INITIAL_FORMS": 0}
    assert console.post(page, {"name": "Ana", "room": "101", **nothing_inside}).status_code == 302
    contestant.refresh_from_db()
    assert (contestant.name, contestant.room, contestant.number) == ("Ana", "101", 417)
    event = pghistory.models.Events.objects.tracks(contestant).order_by("pgh_id").last()
    assert (event.pgh_context["actor"], event.pgh_context["act"]) == (organiser.pk, "change_contestant")


def test_registrations_are_corrected_through_the_service(console, exam):
    registration = sits(exam, 417)
    TimeBlockFactory(name="Block of another exam")
    page = reverse("admin:access_registration_change", args=[registration.pk])
    assert "Block of another exam" not in console.get(page).content.decode()
    fields = {"time_block": registration.time_block_id, "extra_minutes": 10, "time_factor": "1.25"}
    assert "between 1 and 10" in console.post(page, {**fields, "time_factor": "0.5"}).content.decode()
    console.post(page, fields)
    registration.refresh_from_db()
    assert (registration.extra_minutes, str(registration.time_factor)) == (10, "1.25")


def test_state_filter_and_search(console, exam, now):
    sits(exam, 417)
    AccessKey.objects.update(redeemed_at=now + timedelta(hours=1))
    page = listed("accesskey")
    assert "1 access key" in console.get(page, {"state": "redeemed"}).content.decode()
    assert "0 access keys" in console.get(page, {"state": "revoked"}).content.decode()
    assert "1 access key" in console.get(page, {"q": "0417"}).content.decode()
    assert "0 access keys" in console.get(page, {"q": "0041"}).content.decode()
    assert "1 access key" in console.get(page, {"q": "ABCD"}).content.decode()


def test_a_superuser_sees_all_contests(client):
    RegistrationFactory(contestant__number=417)
    client.force_login(UserFactory(is_superuser=True))
    assert "0417" in client.get(listed("contestant")).content.decode()

"""Batches in the console; issuing again for one key, a selection, a batch."""

import csv
import io
import re
import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import load_workbook

from apps.access.models import AccessKey, KeyBatch
from apps.access.services.entry import redeem_key
from apps.access.services.issuing import issue_anonymous_keys
from apps.exams.enums import StaffRole
from tests.factories import (
    ExamFactory,
    ExamStaffFactory,
    KeyBatchFactory,
    RegistrationFactory,
    TimeBlockFactory,
)
from tests.support.console import act, listed, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def issue(exam, organiser, now):
    return lambda count=3: issue_anonymous_keys(exam_id=exam.pk, count=count, actor=organiser, now=now)


def rows_of(response):
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    return list(csv.DictReader(response.content.decode().splitlines()))


def test_batches_say_what_became_of_their_keys(console, organiser, issue, now):
    issued = issue()
    redeem_key(typed=issued[0].key, now=now)
    AccessKey.objects.filter(pk=issued[1].id).update(revoked_at=now, revoked_reason="lost")
    page = text_of(console.get(listed("keybatch")))
    batch = KeyBatch.objects.get()
    assert f"Batch {batch.pk} Spring Round 14 Mar 2026, 16:00 {organiser.username} 3 1 1 1" in page
    assert "A command" not in page


def test_batches_take_the_same_queries_for_1_and_3_rows(console, issue):
    counts = []
    for count in (1, 3):
        while KeyBatch.objects.count() < count:
            issue()
        with CaptureQueriesContext(connection) as queries:
            console.get(listed("keybatch"))
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 14


def test_batches_of_an_exam_one_does_not_manage_are_missing(console, exam):
    """Also where it belongs to the same contest."""
    batch = KeyBatchFactory(exam=ExamFactory(contest=exam.contest, title="Somebody's exam"))
    assert "Somebody's exam" not in text_of(console.get(listed("keybatch")))
    for page in ("revoke", "reissue"):
        address = reverse(f"admin:access_keybatch_{page}", args=[batch.pk])
        assert console.get(address).status_code == 404
        assert console.post(address, {"reason": "x"}).status_code == 404


@pytest.mark.parametrize("page", ["revoke", "reissue"])
def test_batches_are_for_organisers(client, exam, issue, page):
    address = reverse(f"admin:access_keybatch_{page}", args=[issue()[0].batch])
    client.force_login(ExamStaffFactory(exam=exam, role=StaffRole.LEAD_GRADER).user)
    assert client.get(address).status_code == 404
    assert client.post(address, {"reason": "x"}).status_code == 404
    assert AccessKey.objects.valid().count() == 3


def test_the_rest_of_a_batch_is_revoked(console, issue, now):
    issued = issue()
    redeem_key(typed=issued[0].key, now=now)
    address = reverse("admin:access_keybatch_revoke", args=[issued[0].batch])
    asked = text_of(console.get(address))
    assert "Spring Round: 2 not used yet, 1 redeemed, 0 revoked already." in asked
    assert "This field is required" in text_of(console.post(address, {"unused": "on"}))
    assert AccessKey.objects.valid().count() == 3
    done = console.post(address, {"reason": "slips left over", "unused": "on"}, follow=True)
    assert f"2 keys of batch {issued[0].batch} revoked." in text_of(done)
    assert [key.pk for key in AccessKey.objects.valid()] == [issued[0].id]
    console.post(address, {"reason": "all of it"})
    assert not AccessKey.objects.valid().exists()


def test_a_batch_is_reissued(console, issue, now):
    issued = issue()
    address = reverse("admin:access_keybatch_reissue", args=[issued[0].batch])
    assert "a new key opens the same paper" in text_of(console.get(address))
    rows = rows_of(console.post(address, {"reason": "file lost", "unused": "on"}))
    assert [row["number"] for row in rows] == [one.number for one in issued]
    assert redeem_key(typed=rows[0]["key"], now=now).registration_ids == (issued[0].registration_id,)
    assert "None of these keys is valid any more" in text_of(console.post(address, {"reason": "again"}))


def test_chosen_keys_are_reissued_once(console, issue, now):
    issued = issue()
    chosen = [AccessKey.objects.get(pk=one.id) for one in issued[:2]]
    asked = act(console, "accesskey", "reissue", chosen)
    assert "2 keys. Each contestant gets a new key" in text_of(asked)
    request = re.search(r'name="request" value="([^"]+)"', asked.content.decode()).group(1)
    response = act(console, "accesskey", "reissue", chosen, reason="slips lost", request=request)
    rows = rows_of(response)
    assert [row["number"] for row in rows] == ["0001", "0002"]
    # A second press of the same page must not end the keys of the file that was just saved.
    again = act(console, "accesskey", "reissue", chosen, reason="slips lost", request=request)
    assert "None of these keys is valid any more" in text_of(again)
    assert redeem_key(typed=rows[0]["key"], now=now)


def test_pressing_issue_twice_issues_once(console, exam, now):
    address = reverse("admin:access_accesskey_issue")
    fields = {"exam": exam.pk, "count": 2, "request": str(uuid.uuid4())}
    rows = rows_of(console.post(address, fields))
    again = text_of(console.post(address, fields))
    assert f"These keys were issued already, as batch {rows[0]['batch']}." in again
    assert AccessKey.objects.count() == 2


def test_replacing_twice_replaces_once(console, exam, now):
    registration = RegistrationFactory(exam=exam, time_block=exam.time_blocks.get())
    fields = {"issue": "1", "replace": "on", "request": str(uuid.uuid4())}
    [row] = rows_of(act(console, "registration", "issue_keys", [registration], **fields))
    again = act(console, "registration", "issue_keys", [registration], **fields)
    assert "issued already" in text_of(again)
    assert redeem_key(typed=row["key"], now=now)


def test_keys_come_as_a_workbook_too(console, exam, now):
    response = console.post(
        reverse("admin:access_accesskey_issue"), {"exam": exam.pk, "count": 1, "file_type": "xlsx"}
    )
    batch = KeyBatch.objects.get()
    assert response["Content-Disposition"] == f'attachment; filename="keys-batch-{batch.pk}.xlsx"'
    assert "no-store" in response["Cache-Control"]
    header, row = load_workbook(io.BytesIO(response.content)).active.iter_rows(values_only=True)
    slip = dict(zip(header, row, strict=True))
    assert (slip["number"], slip["time_block"]) == ("0001", "Europe")
    assert redeem_key(typed=slip["key"], now=now)


def test_keys_of_two_exams_are_not_reissued_in_one_file(console, exam, organiser, issue, now):
    second = TimeBlockFactory(
        exam=ExamStaffFactory(user=organiser, role=StaffRole.ORGANISER, exam__title="Second").exam
    ).exam
    issue(1)
    issue_anonymous_keys(exam_id=second.pk, count=1, actor=None, now=now)
    page = act(console, "accesskey", "reissue", [*AccessKey.objects.all()], reason="lost")
    assert "Choose keys of one exam at a time." in text_of(page)
    assert KeyBatch.objects.count() == 2


def test_all_of_a_long_list_are_chosen_without_naming_each(console, issue):
    """A form may not have thousands of fields; and what was not shown is not done."""
    issue(3)
    keys = list(AccessKey.objects.all())
    asked = act(console, "accesskey", "revoke", keys[:1], select_across="1").content.decode()
    assert asked.count('name="_selected_action"') == 1
    assert 'name="select_across" value="1"' in asked
    assert "3 keys." in asked
    stale = act(console, "accesskey", "revoke", keys[:1], select_across="1", reason="x", covers="2")
    assert "3 keys." in text_of(stale)
    assert AccessKey.objects.valid().count() == 3
    act(console, "accesskey", "revoke", keys[:1], select_across="1", reason="x", covers="3")
    assert not AccessKey.objects.valid().exists()


@pytest.mark.parametrize(("searched", "count"), [("0002", 1), ("Kovač", 1), ("HINT", 1), ("nobody", 0)])
def test_contestants_are_found_by_number_name_and_hint(console, exam, issue, now, searched, count):
    issued = issue()
    RegistrationFactory(
        exam=exam, time_block=exam.time_blocks.get(), contestant__name="Ana Kovač", contestant__number=9
    )
    if searched == "HINT":
        searched = issued[0].hint.lower()
        # A contestant with two keys that begin alike stands there once.
        [new] = AccessKey.objects.filter(pk=issued[0].id)
        AccessKey.objects.filter(pk=new.pk).update(revoked_at=now, revoked_reason="x")
        AccessKey.objects.create(
            contestant=new.contestant, batch=new.batch, digest=b"0" * 32, hint=new.hint, issued_at=now
        )
        AccessKey.objects.exclude(contestant=new.contestant).update(hint="ZZZZ")
    page = text_of(console.get(listed("contestant"), {"q": searched}))
    assert f"{count} contestant" in page

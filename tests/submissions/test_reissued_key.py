"""The work stays: a reissued key opens the same paper, and the old one nothing any more."""

import json
import uuid

import pytest
from django.test import Client

from apps.access.services.issuing import issue_keys_for
from apps.exams.enums import ProblemKind, StaffRole
from apps.submissions.models import Answer, Submission
from tests import factories
from tests.support.confirming import confirm
from tests.support.console import act

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "saves"])


def save(client, token, text, based_on):
    edit = {"op": str(uuid.uuid4()), "number": 1, "text": text, "based_on": based_on}
    body = json.dumps({"device": str(uuid.UUID(int=1)), "notices": 0, "edits": [edit]})
    headers = {"Authorization": f"Bearer {token}"}
    return client.post("/exam/save/", body, content_type="application/json", headers=headers)


def enter(client, key):
    return client.post("/enter/", {"key": key}, follow=True)


def token_of(client):
    page = client.get("/exam/paper/").content.decode()
    return page.split('data-save-token="')[1].split('"')[0]


def test_a_reissued_key_opens_the_same_paper(client, real_now):
    block = factories.TimeBlockFactory(opens_at=real_now)
    factories.ProblemFactory(exam=block.exam, number=1, kind=ProblemKind.INTEGER)
    registration = factories.RegistrationFactory(exam=block.exam, time_block=block)
    [slip] = issue_keys_for(
        exam_id=block.exam.pk, registration_ids=[registration.pk], replace=False, actor=None, now=real_now
    )
    enter(client, slip.key)
    client.post("/exam/start/")
    old_token = token_of(client)
    assert save(client, old_token, "41", 0).status_code == 200

    organiser = Client()
    organiser.force_login(factories.ExamStaffFactory(exam=block.exam, role=StaffRole.ORGANISER).user)
    [key] = registration.contestant.keys.all()
    response = act(confirm(organiser), "accesskey", "reissue", [key], reason="slip lost")
    new_key = response.content.decode().splitlines()[1].split(",")[5]

    # The old key ends at once, on every page and for the saves of pages that are still open.
    assert save(client, old_token, "wrong", 1).status_code == 401
    assert "This key was replaced" in enter(client, slip.key).content.decode()
    client.cookies.clear()
    enter(client, new_key)
    page = client.get("/exam/paper/").content.decode()
    assert 'value="41"' in page
    assert save(client, token_of(client), "42", 1).json()["edits"][0]["state"] == "current"
    assert Submission.objects.count() == 1
    assert Answer.objects.get().text == "42"

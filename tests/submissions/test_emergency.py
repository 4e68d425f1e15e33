"""Emergency files: what a page sealed offline is read, checked and kept apart, once."""

import json
import os
import uuid
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.contrib.admin.models import LogEntry
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from apps.exams.enums import StaffRole
from apps.submissions import gate
from apps.submissions.models import AnswerRevision
from apps.submissions.rules import emergency
from apps.submissions.services import bringing_in, saving
from tests import factories
from tests.submissions.conftest import DEVICE, edit, open_paper, pass_of, save

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "saves"])


@pytest.fixture
def closed(real_now):
    """A paper of which time was up five minutes ago."""
    return open_paper(real_now, deadline_at=real_now - timedelta(minutes=5), grace_seconds=0)


@pytest.fixture
def proctor(client, closed):
    """The browser of a proctor of that exam."""
    return staff(client, closed, StaffRole.PROCTOR)


def staff(client, paper, role):
    user = factories.UserFactory(is_staff=True)
    factories.ExamStaffFactory(user=user, exam=paper.registration.exam, role=role)
    client.force_login(user)
    return client


def file_of(paper, *edits, **changes):
    """What `static/js/paper/journal.js` writes for these edits."""
    parts = {
        "kind": emergency.KIND,
        "submission": str(paper.public_id),
        "device": str(DEVICE),
        "token": gate.issue_save_token(pass_of(paper)),
        "key": bytes(paper.journal_key),
    } | changes
    head = {name: parts[name] for name in ("kind", "submission", "device")}
    listed = [
        {"op": str(one.op), "number": one.number, "text": one.text, "based_on": one.based_on} for one in edits
    ]
    tree = {"token": parts["token"], "edits": parts.get("edits", listed)}
    content = json.dumps(tree, ensure_ascii=False).encode()  # as browsers write it
    iv = os.urandom(emergency.IV_BYTES)
    owner = f"{paper.public_id}/{DEVICE}".encode()
    return json.dumps(head).encode() + b"\n" + iv + AESGCM(parts["key"]).encrypt(iv, content, owner)


def bring(client, *contents):
    files = [SimpleUploadedFile(f"{place}.examgrader", content) for place, content in enumerate(contents)]
    return client.post(reverse("admin:submissions_emergency"), {"sealed": files})


def outcomes(response):
    return [(one.words, one.is_refused) for one in response.context["outcomes"]]


def kept(paper):
    return list(
        AnswerRevision.objects.filter(submission=paper).order_by("pk").values_list("number", "text", "state")
    )


def test_what_was_not_sent_is_kept_apart_in_the_order_it_was_typed(proctor, closed):
    file = file_of(closed, edit(text="one"), edit(text="one, two"), edit(number=2, text="x"))
    assert outcomes(bring(proctor, file)) == [("3 texts kept apart.", False)]
    assert kept(closed) == [(1, "one", "late"), (1, "one, two", "late"), (2, "x", "late")]
    assert closed.answers.get(number=1).text == ""


def test_who_brought_it_in_stands_in_the_papers_history(proctor, closed):
    bring(proctor, file_of(closed, edit()))
    entry = LogEntry.objects.get()
    assert (entry.object_id, entry.change_message) == (
        str(closed.pk),
        "Emergency file brought in: 1 text kept apart.",
    )
    page = proctor.get(reverse("admin:submissions_submission_history", args=[closed.pk]))
    assert "Emergency file brought in" in page.content.decode()


def test_a_second_time_it_does_nothing(proctor, closed):
    file = file_of(closed, edit())
    bring(proctor, file)
    assert outcomes(bring(proctor, file)) == [("Nothing new: all of it is here already.", False)]
    assert len(kept(closed)) == 1
    assert LogEntry.objects.count() == 1


def test_what_the_page_could_send_after_all_is_not_kept_twice(proctor, closed):
    sent, newest = edit(text="sent"), edit(text="newest")
    save(pass_of(closed), sent)
    save(pass_of(closed), edit(text="newest"))  # the page gave it an op of its own
    bring(proctor, file_of(closed, sent, newest))
    assert kept(closed) == [(1, "sent", "late"), (1, "newest", "late")]


def test_the_page_finds_its_ops_known_when_it_gets_through_later(proctor, closed):
    op = uuid.uuid4()
    bring(proctor, file_of(closed, edit(op=op)))
    assert save(pass_of(closed), edit(op=op)).edits[0].replayed
    assert len(kept(closed)) == 1


def test_files_come_in_together_and_a_bad_one_stops_no_other(proctor, closed):
    response = bring(proctor, b"a picture", file_of(closed, edit()))
    assert outcomes(response) == [
        (emergency.NotAnEmergencyFile.message, True),
        ("1 text kept apart.", False),
    ]


def test_a_replaced_key_does_not_matter_but_there_has_to_be_a_valid_one(proctor, closed, real_now):
    file = file_of(closed, edit())
    key = closed.registration.contestant.keys.get()
    key.revoked_at, key.revoked_reason = real_now, "lost"
    key.save()
    assert outcomes(bring(proctor, file)) == [(bringing_in.NoValidKey.message, True)]
    factories.AccessKeyFactory(contestant=closed.registration.contestant)
    assert outcomes(bring(proctor, file)) == [("1 text kept apart.", False)]


def test_while_the_contestant_can_still_write_nothing_comes_in(client, paper):
    staff(client, paper, StaffRole.PROCTOR)
    response = bring(client, file_of(paper, edit()))
    assert outcomes(response) == [(bringing_in.PaperStillOpen.message, True)]
    assert kept(paper) == []


def test_a_paper_that_is_full_says_so(proctor, closed, monkeypatch):
    monkeypatch.setattr(bringing_in, "save_batch", full)
    [(words, is_refused)] = outcomes(bring(proctor, file_of(closed, edit())))
    assert is_refused
    assert "holds 200 late drafts" in words


def full(**_):
    raise saving.InvalidBatch([saving.Fault(0, *saving.FAULTS["full"])])


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}\n",
        b"\xff\xfe",
        b"[1]\n123456789012345",
        b'{"kind": "examgrader-emergency-file"}\n12345678901234',
    ],
    ids=["empty", "nothing", "no text", "a list", "no paper"],
)
def test_what_is_no_emergency_file_is_called_that(proctor, closed, content):
    assert outcomes(bring(proctor, content)) == [(emergency.NotAnEmergencyFile.message, True)]


@pytest.mark.parametrize(
    "changes",
    [
        {"key": bytes(32)},
        {"device": str(uuid.UUID(int=2))},
        {"token": "no token of ours"},
        {"edits": "none"},
        {"edits": [7]},
        {"edits": [{"op": "x", "number": 1, "text": "x", "based_on": 0}]},
    ],
    ids=["another key", "another page", "another token", "no edits", "an edit of nothing", "a bad edit"],
)
def test_what_was_changed_on_its_way_is_not_taken(proctor, closed, changes):
    assert outcomes(bring(proctor, file_of(closed, edit(), **changes))) == [
        (emergency.DamagedFile.message, True)
    ]
    assert kept(closed) == []


def test_a_file_sealed_for_one_paper_is_not_taken_for_another(proctor, closed, real_now):
    other = factories.SubmissionFactory(
        registration=factories.RegistrationFactory(
            exam=closed.registration.exam, time_block=closed.registration.time_block
        ),
        started_at=real_now - timedelta(hours=1),
        deadline_at=real_now - timedelta(minutes=5),
    )
    factories.AccessKeyFactory(contestant=other.registration.contestant)
    file = file_of(closed, edit(), submission=str(other.public_id))
    assert outcomes(bring(proctor, file)) == [(emergency.DamagedFile.message, True)]
    token = gate.issue_save_token(pass_of(other))
    assert outcomes(bring(proctor, file_of(closed, edit(), token=token))) == [
        (emergency.DamagedFile.message, True)
    ]


def test_one_that_is_too_large_is_not_read(proctor, closed, monkeypatch):
    monkeypatch.setattr(emergency, "LARGEST_FILE", 10)
    [(words, is_refused)] = outcomes(bring(proctor, file_of(closed, edit())))
    assert (words, is_refused) == ("This file is too large for an emergency file.", True)


def test_the_longest_answers_of_a_paper_fit(closed):
    """Fifty of 20,000 signs that take four bytes each, and each still on its way in an older form."""
    long = [edit(number=number, text="\U0001d465" * 20_000) for number in range(1, 51)]
    assert len(file_of(closed, *long, *long)) < emergency.LARGEST_FILE


def test_a_paper_of_another_exam_is_none(client, closed):
    other = factories.ExamFactory()
    user = factories.UserFactory(is_staff=True)
    factories.ExamStaffFactory(user=user, exam=other, role=StaffRole.ORGANISER)
    client.force_login(user)
    response = bring(client, file_of(closed, edit()), file_of(closed, edit(), submission=str(uuid.uuid4())))
    assert outcomes(response) == [("None of your exams has this paper.", True)] * 2
    assert closed.registration.contestant.public_number not in response.content.decode()


def test_without_a_file_it_asks_for_one(proctor):
    response = bring(proctor)
    assert outcomes(response) == []
    assert "This field is required." in response.content.decode()

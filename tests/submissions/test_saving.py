"""The save path, one call at a time."""

import uuid
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext

from apps.submissions.models import Answer, AnswerRevision, Submission
from apps.submissions.rules.batch import InvalidBatch
from apps.submissions.services import saving, writing
from tests import factories
from tests.submissions.conftest import DEVICE, edit, open_paper, pass_of, save

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "saves"])

OTHER_DEVICE = uuid.UUID(int=2)


def text_of(paper, number=1):
    return Answer.objects.get(submission=paper, number=number).text


def move_deadline(paper, moment):
    Submission.objects.filter(pk=paper.pk).update(deadline_at=moment, started_at=moment - timedelta(hours=1))


def test_save_batch_keeps_an_edit_and_moves_the_answer(paper, save_pass):
    saved = save(save_pass, edit(number=2, text="41"))
    assert [(e.number, e.state, e.revision, e.head, e.replayed) for e in saved.edits] == [
        (2, "current", 1, 1, False)
    ]
    assert saved.is_open
    assert saved.is_writer
    assert saved.deadline_at == paper.deadline_at
    assert text_of(paper, 2) == "41"


def test_save_batch_is_one_statement_for_many_edits(save_pass):
    save(save_pass, edit())  # opens the connection
    with (
        CaptureQueriesContext(connections["saves"]) as on_saves,
        CaptureQueriesContext(connections["default"]) as on_default,
    ):
        save(save_pass, edit(number=2), edit(number=3))
    assert (len(on_saves), len(on_default)) == (1, 0)


def test_save_batch_answers_in_the_order_of_the_batch(save_pass):
    edits = [edit(number=3), edit(number=1), edit(number=2)]
    assert [e.op for e in save(save_pass, *edits).edits] == [e.op for e in edits]


def test_a_heartbeat_takes_no_lock_and_is_one_statement(paper, save_pass):
    save(save_pass)
    with CaptureQueriesContext(connections["saves"]) as queries:
        assert save(save_pass).edits == ()
    assert len(queries) == 1
    assert "for no key update" not in queries[0]["sql"]


def test_replaying_changes_nothing_and_answers_the_same(paper, save_pass):
    first = edit(text="41")
    save(save_pass, first)
    save(save_pass, edit(text="42", based_on=1))
    again = save(save_pass, first).edits[0]
    assert (again.state, again.revision, again.head, again.replayed) == ("current", 1, 2, True)
    assert text_of(paper) == "42"
    assert AnswerRevision.objects.filter(submission=paper).count() == 2


@pytest.mark.parametrize("based_on", [0, 2, None])
def test_an_edit_of_another_revision_is_kept_as_a_conflict(paper, save_pass, based_on):
    save(save_pass, edit(text="first"))
    kept = save(save_pass, edit(text="second", based_on=based_on)).edits[0]
    assert (kept.state, kept.revision, kept.head, kept.head_text) == ("conflict", None, 1, "first")
    assert text_of(paper) == "first"
    assert AnswerRevision.objects.filter(submission=paper, text="second", state="conflict").exists()


def test_an_edit_of_a_device_that_is_not_the_writer_is_a_conflict(paper, save_pass):
    Submission.objects.update(writer=OTHER_DEVICE)
    saved = save(save_pass, edit(), device=DEVICE)
    assert not saved.is_writer
    assert saved.edits[0].state == "conflict"
    assert text_of(paper) == ""
    assert save(save_pass, edit(), device=OTHER_DEVICE).edits[0].state == "current"


def test_the_token_of_the_page_opened_last_writes_whatever_the_device_is_called(paper, save_pass):
    older, newest = uuid.UUID(int=3), uuid.UUID(int=4)
    Submission.objects.update(writer=newest)
    saved = save(replace(save_pass, page=newest), edit(text="from the newest"), device=DEVICE)
    assert saved.is_writer
    assert saved.edits[0].state == "current"
    saved = save(replace(save_pass, page=older), edit(number=2), device=newest)
    assert not saved.is_writer
    assert saved.edits[0].state == "conflict"
    assert not save(replace(save_pass, page=older)).is_writer


@pytest.mark.parametrize(
    ("seconds_after_deadline", "state"), [(-5, "current"), (25, "current"), (35, "late")]
)
def test_what_arrives_after_deadline_and_grace_is_kept_apart(real_now, seconds_after_deadline, state):
    paper = open_paper(real_now, started_at=real_now - timedelta(hours=1),
                       deadline_at=real_now - timedelta(seconds=seconds_after_deadline))  # fmt: skip
    saved = save(pass_of(paper), edit(text="late words"))
    assert saved.edits[0].state == state
    assert saved.is_open == (state == "current")
    assert text_of(paper) == ("late words" if state == "current" else "")
    assert AnswerRevision.objects.get(submission=paper).text == "late words"


def test_nothing_changes_after_handing_in(paper, save_pass, real_now):
    Submission.objects.update(submitted_at=real_now, submitted_by="contestant")
    saved = save(save_pass, edit())
    assert (saved.is_open, saved.is_submitted, saved.edits[0].state) == (False, True, "late")
    assert text_of(paper) == ""


def test_at_most_200_late_drafts_are_kept(real_now, monkeypatch):
    monkeypatch.setattr(writing, "MOST_LATE_DRAFTS", 2)
    paper = open_paper(
        real_now, started_at=real_now - timedelta(hours=2), deadline_at=real_now - timedelta(hours=1)
    )
    first = edit(number=1)
    save(pass_of(paper), first, edit(number=2))
    with pytest.raises(InvalidBatch) as refusal:
        save(pass_of(paper), edit(number=3))
    assert "late drafts" in refusal.value.faults[0].message
    assert save(pass_of(paper), first).edits[0].replayed  # what is kept may be asked for again


def test_an_unknown_number_refuses_the_whole_batch(paper, save_pass):
    with pytest.raises(InvalidBatch) as refusal:
        save(save_pass, edit(number=1), edit(number=9))
    assert [(fault.index, fault.field) for fault in refusal.value.faults] == [(1, "number")]
    assert not AnswerRevision.objects.exists()
    assert text_of(paper) == ""


def test_an_op_of_another_problem_refuses_the_whole_batch(paper, save_pass):
    used = edit(number=1)
    save(save_pass, used)
    with pytest.raises(InvalidBatch) as refusal:
        save(save_pass, edit(number=3), edit(number=2, op=used.op))
    assert [(fault.index, fault.field) for fault in refusal.value.faults] == [(1, "op")]
    assert AnswerRevision.objects.count() == 1


def test_a_revoked_key_is_signed_out(paper, save_pass, real_now):
    paper.registration.contestant.keys.update(revoked_at=real_now, revoked_reason="lost")
    for edits in ([edit()], []):
        with pytest.raises(saving.SignedOut):
            save(save_pass, *edits)


def test_an_older_epoch_is_signed_out(paper, save_pass):
    paper.registration.contestant.keys.update(epoch=2)
    with pytest.raises(saving.SignedOut):
        save(save_pass, edit())


def test_another_contestants_key_opens_nothing(paper, save_pass):
    stranger = factories.AccessKeyFactory()
    with pytest.raises(saving.SignedOut):
        save(saving.SavePass(paper.pk, stranger.pk, stranger.epoch, 1), edit())


def test_the_version_of_the_paper_on_the_page_is_kept(paper, save_pass):
    save(saving.SavePass(paper.pk, save_pass.key_id, save_pass.epoch, 7), edit())
    assert AnswerRevision.objects.get().paper_version == 7


@pytest.mark.parametrize(
    "text", ["", "−7", "x²\n\n$\\frac12$", "٥", "e\u0301", "\u202ertl", "👩‍🚀", "a\u200bb"]
)
def test_texts_come_back_to_the_byte(paper, save_pass, text):
    save(save_pass, edit(text="something"))
    save(save_pass, edit(text=text, based_on=1))
    assert text_of(paper).encode() == text.encode()


def test_a_cut_connection_is_replaced_and_the_statement_repeated(paper, save_pass):
    save(save_pass, edit(number=1))
    with connections["saves"].cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        pid = cursor.fetchone()[0]
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [pid])
    assert save(save_pass, edit(number=2)).edits[0].state == "current"


def test_a_statement_that_a_migration_made_obsolete_is_repeated(paper, save_pass):
    """PostgreSQL refuses a prepared statement whose result type changed: "cached plan must not change"."""
    save(save_pass)
    with connections["default"].cursor() as cursor:
        cursor.execute("ALTER TABLE exams_exam ALTER COLUMN notices TYPE bigint")
    try:
        assert save(save_pass).is_open
    finally:
        with connections["default"].cursor() as cursor:
            cursor.execute("ALTER TABLE exams_exam ALTER COLUMN notices TYPE integer")

"""What the save path counts, and that it does so only after its answer."""

import json
import uuid

import pytest
from django.db import OperationalError
from django.test import RequestFactory
from prometheus_client import REGISTRY

from apps.core import prepared, waiting
from apps.submissions import gate
from apps.submissions.rules.batch import LONGEST_WAIT_MS, read_batch
from apps.submissions.services.submitting import submit_paper
from apps.submissions.views.saving import save
from tests.submissions.conftest import open_paper, pass_of

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "saves"])

DEVICE = str(uuid.UUID(int=1))


def request_of(paper, *edits, **more):
    token = gate.issue_save_token(pass_of(paper)) if paper else "x"
    body = json.dumps({"device": DEVICE, "notices": 0, "edits": edits, **more})
    return RequestFactory().post(
        "/exam/save/", body, content_type="application/json", headers={"Authorization": f"Bearer {token}"}
    )


def edit(number=1, text="42", based_on=0, op=None):
    return {"op": op or str(uuid.uuid4()), "number": number, "text": text, "based_on": based_on}


class Counted:
    """How much a sample grew since this was made."""

    def __init__(self, name, **labels):
        self.name, self.labels = name, labels
        self.before = self.value()

    def value(self):
        return REGISTRY.get_sample_value(self.name, self.labels) or 0.0

    @property
    def grew(self):
        return self.value() - self.before


def calls(outcome):
    return Counted("examgrader_save_calls_total", outcome=outcome)


def edits(state):
    return Counted("examgrader_edits_total", state=state)


def test_counting_waits_until_the_answer_is_written(paper):
    kept, current = calls("kept"), edits("current")
    response = save(request_of(paper, edit(), edit(number=2)))
    assert response.status_code == 200
    assert (kept.grew, current.grew) == (0, 0)
    response.close()
    assert (kept.grew, current.grew) == (1, 2)


def test_the_wait_for_a_thread_is_part_of_what_a_save_takes(paper):
    taken = Counted("examgrader_save_seconds_sum", kind="save")
    waiting.note(30)
    try:
        save(request_of(paper, edit())).close()
    finally:
        waiting.note(0)
    assert 30 <= taken.grew < 40


def test_what_became_of_edits_is_counted(paper):
    counted = {state: edits(state) for state in ("current", "conflict", "late", "replayed")}
    first = edit()
    for batch in ([first], [first], [edit(text="other")]):
        save(request_of(paper, *batch)).close()
    assert {state: one.grew for state, one in counted.items()} == {
        "current": 1,
        "conflict": 1,
        "late": 0,
        "replayed": 1,
    }


def test_late_edits_and_heartbeats_are_counted(real_now, paper):
    late, closed, heartbeat = edits("late"), calls("closed"), calls("heartbeat")
    submit_paper(submission_id=paper.pk, now=real_now)
    save(request_of(paper, edit())).close()
    save(request_of(paper)).close()
    assert (late.grew, closed.grew, heartbeat.grew) == (1, 1, 1)


def test_refusals_are_counted(paper):
    refused, signed_out = calls("refused"), calls("signed_out")
    save(request_of(paper, edit(number=99))).close()
    save(request_of(None, edit())).close()
    request = request_of(paper, edit())
    paper.registration.contestant.keys.update(epoch=2)
    save(request).close()
    assert (refused.grew, signed_out.grew) == (1, 2)


def test_a_busy_database_and_a_fault_of_ours_are_counted(paper, monkeypatch):
    busy, failed = calls("busy"), calls("failed")

    def busy_database(*_):
        raise OperationalError

    monkeypatch.setattr(prepared, "fetch", busy_database)
    response = save(request_of(paper, edit()))
    response.close()
    assert response.status_code == 503
    monkeypatch.setattr(prepared, "fetch", lambda *_: [()])
    with pytest.raises(IndexError):
        save(request_of(paper, edit()))
    assert (busy.grew, failed.grew) == (1, 1)


def test_how_long_an_edit_waited_is_told_by_the_device(paper):
    waited = Counted("examgrader_edit_wait_seconds_sum")
    save(request_of(paper, edit(), waited=1500)).close()
    assert waited.grew == pytest.approx(1.5)


@pytest.mark.parametrize("waited", [None, -1, 1.5, "7", True, LONGEST_WAIT_MS + 1, [], {}])
def test_no_sensible_wait_is_no_reason_to_refuse_the_work(waited):
    batch = read_batch({"device": DEVICE, "edits": [edit()], "waited": waited})
    assert (len(batch.edits), batch.waited_ms) == (1, None)


def test_the_margin_to_the_deadline_is_counted(real_now):
    paper = open_paper(real_now)
    saved = Counted("examgrader_deadline_margin_seconds_sum", act="save")
    handed_in = Counted("examgrader_deadline_margin_seconds_sum", act="hand_in")
    save(request_of(paper, edit())).close()
    submit_paper(submission_id=paper.pk, now=real_now)
    submit_paper(submission_id=paper.pk, now=real_now)  # again: the same receipt, and no second hand-in
    assert saved.grew == pytest.approx(3600, abs=60)
    assert handed_in.grew == pytest.approx(3600, abs=60)

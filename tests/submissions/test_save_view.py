"""`POST /exam/save/`, as CONTRACT has it."""

import json
import uuid
from datetime import timedelta

import pytest
from django.utils.dateparse import parse_datetime

from apps.submissions import gate
from apps.submissions.models import AnswerRevision, Submission
from apps.submissions.services import saving
from tests.submissions.conftest import open_paper, pass_of
from tests.support.entering import enter

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "saves"])

DEVICE = str(uuid.UUID(int=1))


@pytest.fixture
def post(client):
    def send(paper=None, body=None, token=None, **edit):
        if paper is not None:
            token = gate.issue_save_token(pass_of(paper))
        if body is None:
            edits = (
                [{"op": str(uuid.uuid4()), "number": 1, "text": "42", "based_on": 0} | edit] if edit else []
            )
            body = json.dumps({"device": DEVICE, "notices": 0, "edits": edits})
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return client.post("/exam/save/", body, content_type="application/json", headers=headers)

    return send


def test_a_saved_edit(paper, post):
    op = str(uuid.uuid4())
    response = post(paper, op=op)
    answer = response.json()
    assert response.status_code == 200
    assert response.headers["Cache-Control"] == "no-store, private"
    assert answer == {
        "now": answer["now"],
        "deadline": paper.deadline_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "phase": "open",
        "notices": 0,
        "writer": True,
        "edits": [{"op": op, "number": 1, "state": "current", "revision": 1, "head": 1, "replayed": False}],
    }
    assert parse_datetime(answer["now"]).tzinfo is not None


def test_a_conflict_is_200_with_the_other_text(paper, post):
    post(paper, text="first")
    response = post(paper, text="second")
    edit = response.json()["edits"][0]
    assert response.status_code == 200
    assert (edit["state"], edit["revision"], edit["head"], edit["head_text"]) == (
        "conflict",
        None,
        1,
        "first",
    )


def test_a_heartbeat(paper, post):
    assert post(paper).json()["edits"] == []


def test_within_the_grace_the_paper_is_closing(real_now, post):
    paper = open_paper(real_now, deadline_at=real_now - timedelta(seconds=5))
    assert post(paper, text="x").json()["phase"] == "closing"


def test_a_closed_paper_is_403_with_the_same_members(real_now, post):
    paper = open_paper(
        real_now, started_at=real_now - timedelta(hours=2), deadline_at=real_now - timedelta(hours=1)
    )
    response = post(paper, text="late")
    assert response.status_code == 403
    assert response.headers["Content-Type"] == "application/problem+json"
    assert {"now", "deadline", "phase", "notices", "writer", "edits"} < response.json().keys()
    assert response.json()["code"] == "paper_closed"
    assert response.json()["phase"] == "closed"
    assert response.json()["edits"][0]["state"] == "late"
    assert AnswerRevision.objects.get().text == "late"
    assert post(paper).status_code == 200  # a heartbeat only asks


@pytest.mark.parametrize("token", [None, "x", "x.y.z"])
def test_without_a_token_of_ours_nobody_saves(post, token):
    response = post(token=token)
    assert (response.status_code, response.json()["code"]) == (401, "signed_out")


def test_a_cookie_does_not_save(paper, client):
    enter(client, paper.registration)
    response = client.post("/exam/save/", {"device": DEVICE, "edits": []}, content_type="application/json")
    assert response.status_code == 401


def test_a_token_changed_anywhere_does_not_save(paper, post):
    token = gate.issue_save_token(pass_of(paper))
    for place in range(0, len(token), 3):
        changed = token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]
        assert post(token=changed).status_code == 401


def test_an_ended_session_is_401(paper, post):
    paper.registration.contestant.keys.update(epoch=2)
    assert post(paper, text="x").status_code == 200  # the token of the new epoch
    old = gate.issue_save_token(saving.SavePass(paper.pk, pass_of(paper).key_id, 1, 1))
    response = post(token=old, text="x")
    assert (response.status_code, response.json()["code"]) == (401, "signed_out")


@pytest.mark.parametrize(
    "body",
    [
        "",
        "{",
        "[]",
        "\xff".encode("latin-1"),
        "[" * 100_000,
        '{"device": NaN}',
        '{"edits": [' + "1," * 2_000_000 + "1]}",
    ],
    ids=["empty", "cut", "list", "not UTF-8", "deep", "NaN", "large"],
)
def test_a_body_that_is_no_batch_is_400(paper, post, body):
    response = post(paper, body=body)
    assert (response.status_code, response.json()["code"]) == (400, "invalid_batch")
    assert response.json()["errors"][0].keys() == {"index", "field", "message"}


def test_an_invalid_edit_is_named_and_nothing_is_kept(paper, post):
    response = post(paper, number=9)
    assert response.status_code == 400
    assert response.json()["errors"] == [
        {"index": 0, "field": "number", "message": "This paper has no problem with this number."}
    ]
    assert not AnswerRevision.objects.exists()


def test_a_busy_database_is_503_with_retry_after(paper, post, monkeypatch):
    def busy(**_):
        raise saving.DatabaseBusy

    monkeypatch.setattr(saving, "save_batch", busy)
    response = post(paper, text="x")
    assert (response.status_code, response.json()["code"]) == (503, "busy")
    assert int(response.headers["Retry-After"]) > 0


def test_another_writer_is_told(paper, post):
    Submission.objects.update(writer=uuid.uuid4())
    assert post(paper, text="x").json()["writer"] is False


def test_other_methods_are_refused(client):
    assert client.get("/exam/save/").status_code == 405

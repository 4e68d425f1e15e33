"""A lock that is held on one paper: its contestant is told to come again, and nobody else notices."""

import json
import threading
import time
import uuid

import pytest
from django.db import connections
from django.test import Client

from apps.submissions import gate
from apps.submissions.models import Submission
from tests.submissions.conftest import open_paper, pass_of
from tests.support.racing import Racer, locked, wait_for_waiters

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "saves"])

# gunicorn.conf.py; tests/project/test_connections.py sees that connections get it.
LOCK_TIMEOUT = "2s"
TOLD_WITHIN_SECONDS = 3


def post(token):
    """Save on a connection of this thread, which waits for locks as the web's do; with how long it took."""
    edit = {"op": str(uuid.uuid4()), "number": 1, "text": "42", "based_on": 0}
    body = json.dumps({"device": str(uuid.UUID(int=1)), "edits": [edit]})
    headers = {"Authorization": f"Bearer {token}"}
    began = time.monotonic()
    response = Client().post("/exam/save/", body, content_type="application/json", headers=headers)
    return response, time.monotonic() - began


def save(token, *, lock_timeout=LOCK_TIMEOUT):
    with connections["saves"].cursor() as cursor:
        cursor.execute(f"SET lock_timeout = '{lock_timeout}'")
    return post(token)


def test_who_waits_for_a_held_paper_is_told_in_time_and_others_save_on(paper, real_now):
    held, free = (gate.issue_save_token(pass_of(one)) for one in (paper, open_paper(real_now)))
    with locked(Submission.objects.filter(pk=paper.pk)):
        waiting = Racer(lambda: save(held))
        waiting.start()
        wait_for_waiters(1)
        response, took = save(free)
        assert waiting.is_alive(), "the other save waited for the lock too"
        refused, waited = waiting.result()
    connections["saves"].close()
    assert (response.status_code, refused.status_code) == (200, 503)
    assert int(refused.headers["Retry-After"]) > 0
    assert took < waited <= TOLD_WITHIN_SECONDS


def test_control_without_a_lock_timeout_the_contestant_waits_on(paper):
    token = gate.issue_save_token(pass_of(paper))
    with locked(Submission.objects.filter(pk=paper.pk)):
        waiting = Racer(lambda: save(token, lock_timeout="0"))
        waiting.start()
        wait_for_waiters(1)
        threading.Event().wait(TOLD_WITHIN_SECONDS)
        assert waiting.is_alive()
    assert waiting.result()[0].status_code == 200

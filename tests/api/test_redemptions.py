"""One key entered many times at the same moment: one paper, and nobody sees an error."""

import json
import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client

from apps.access.services.issuing import issue_anonymous_keys
from apps.exams.enums import ProblemKind
from apps.submissions.models import Answer, Submission
from apps.submissions.services import starting
from tests import factories
from tests.support.racing import PATIENCE_SECONDS, race

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "saves"])

AT_ONCE = 10
REPEATS = 20
UNIQUE = (
    "SELECT conname FROM pg_constraint WHERE contype = 'u' AND conrelid = 'submissions_submission'::regclass"
)


@pytest.fixture
def exam(real_now):
    block = factories.TimeBlockFactory(opens_at=real_now - timedelta(hours=1))
    for number in (1, 2):
        factories.ProblemFactory(exam=block.exam, number=number, kind=ProblemKind.INTEGER)
    return block.exam


def issue(exam, now):
    (issued,) = issue_anonymous_keys(exam_id=exam.pk, count=1, actor=None, now=now)
    return issued.key


def post(path, body, token=None):
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    response = Client().post(
        f"/api/v1/{path}", json.dumps(body), content_type="application/json", headers=headers
    )
    return response.status_code, response.json()


def redeem(key):
    """From the key to the paper; the statuses on the way."""
    entered, told = post("token/key/", {"key": key})
    started, _ = post("me/start/", {}, told["access"])
    return entered, started


@pytest.fixture
def without_the_constraint(exam):
    """For a control: the database would take a second paper."""
    with connection.cursor() as cursor:
        cursor.execute(UNIQUE)
        names = [name for (name,) in cursor.fetchall()]
        for name in names:
            cursor.execute(f'ALTER TABLE submissions_submission DROP CONSTRAINT "{name}"')
    yield
    Answer.objects.all().delete()
    Submission.objects.all().delete()
    with connection.cursor() as cursor:
        for name in names:
            cursor.execute(
                f'ALTER TABLE submissions_submission ADD CONSTRAINT "{name}" UNIQUE (registration_id)'
            )


def test_one_key_redeemed_at_once_starts_one_paper(exam, real_now):
    for repeat in range(REPEATS):
        key = issue(exam, real_now)
        racers = race(*[lambda key=key: redeem(key) for _ in range(AT_ONCE)])
        answers = [racer.result() for racer in racers]
        assert [entered for entered, _ in answers] == [200] * AT_ONCE
        assert sorted(started for _, started in answers) == [200] * (AT_ONCE - 1) + [201]
        assert Submission.objects.count() == repeat + 1
        assert Answer.objects.count() == 2 * (repeat + 1)


def all_past_the_first_look(monkeypatch):
    """Nobody goes on before everybody has seen that there is no paper yet."""
    barrier = threading.Barrier(AT_ONCE)
    check = starting.refuse_outside_entry

    def wait(registration, now):
        check(registration, now)
        barrier.wait(PATIENCE_SECONDS)

    monkeypatch.setattr(starting, "refuse_outside_entry", wait)


def test_the_constraint_decides_where_the_look_cannot(exam, real_now, monkeypatch):
    all_past_the_first_look(monkeypatch)
    key = issue(exam, real_now)
    answers = [racer.result() for racer in race(*[lambda: redeem(key) for _ in range(AT_ONCE)])]
    assert sorted(started for _, started in answers) == [200] * (AT_ONCE - 1) + [201]
    assert Submission.objects.count() == 1


def test_without_the_constraint_there_would_be_many_papers(
    exam, real_now, monkeypatch, without_the_constraint
):
    all_past_the_first_look(monkeypatch)
    key = issue(exam, real_now)
    race(*[lambda: redeem(key) for _ in range(AT_ONCE)])
    assert Submission.objects.count() == AT_ONCE


def test_another_exams_key_starts_nothing_here(exam, real_now):
    other = factories.TimeBlockFactory(opens_at=real_now - timedelta(hours=1)).exam
    status, refused = post("token/key/", {"key": issue(other, real_now), "exam": exam.slug})
    assert (status, refused["code"]) == (404, "not_found")
    assert not Submission.objects.exists()

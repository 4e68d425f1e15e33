"""Twenty graders at once: everything is graded, nothing twice, and PostgreSQL counts no deadlock."""

import random
import time
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import OperationalError, connection, transaction
from django.test import Client
from django.urls import reverse

from apps.grading.enums import TaskStatus
from apps.grading.models import GradingTask, Score
from apps.grading.services import claiming_ahead, queueing, scoring
from tests import factories
from tests.grading.test_races import at_once

pytestmark = pytest.mark.django_db(transaction=True)

GRADERS, SCRIPTS = 20, 500


@pytest.fixture
def deadlocks():
    """Count the deadlocks since the test began, as PostgreSQL does.

    A session tells of its own when it ends: those that began with the test must have ended.
    """
    with connection.cursor() as cursor:
        (began,) = cursor.execute("SELECT clock_timestamp()").fetchone()
    before = read_deadlocks()

    def count():
        others = (
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() AND backend_type = 'client backend' AND backend_start >= %s"
        )
        until = time.monotonic() + 10
        with connection.cursor() as cursor:
            while cursor.execute(others, [began]).fetchone()[0] and time.monotonic() < until:
                time.sleep(0.02)
        return read_deadlocks() - before

    return count


def read_deadlocks():
    with connection.cursor() as cursor:
        counted = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
        return cursor.execute(counted).fetchone()[0]


def signed_in(user):
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def graders(staff):
    return [staff() for _ in range(GRADERS)]


@pytest.fixture
def papers(problems, queue):
    factories.hand_in_papers(problems[:1], SCRIPTS)
    assert queue() == SCRIPTS


def work(exam, grader, now, *, abandons):
    """Claim and score until nothing is left, one in ten by way of the page that claims ahead."""
    chance = random.Random(grader.pk)
    claimed = []
    while (task := queueing.claim_next_task(exam_id=exam.pk, grader=grader, now=now)) is not None:
        claimed.append(task)
        if chance.random() < 0.1:
            claiming_ahead.claim_ahead(exam_id=exam.pk, grader=grader, shown=task, now=now)
        if abandons and chance.random() < 0.1:
            return claimed  # went home, and what they held with them
        points = Decimal(chance.randrange(8))
        scoring.score_task(task_id=task, grader=grader, points=points, based_on=0, answer_revision=1, now=now)
    return claimed


def grade_together(exam, graders, now, *, abandons=False):
    acts = [lambda grader=grader: work(exam, grader, now, abandons=abandons) for grader in graders]
    outcomes = at_once(*acts)
    for outcome in outcomes:
        if isinstance(outcome, Exception):
            raise outcome
    return [task for claimed in outcomes for task in claimed]


def test_twenty_graders_score_five_hundred_scripts_and_none_twice(papers, graders, exam, now, deadlocks):
    first = grade_together(exam, graders, now, abandons=True)
    assert len(set(first)) == len(first)  # nobody was given what another one held
    left = GradingTask.objects.unfinished()
    assert left.exists()
    later = now + queueing.LEASE + timedelta(seconds=1)
    abandoned = set(left.values_list("pk", flat=True))
    second = grade_together(exam, graders, later)
    assert set(second) >= abandoned
    assert not left.exists()
    assert Score.objects.count() == SCRIPTS
    assert Score.objects.filter(version=1).count() == SCRIPTS
    assert deadlocks() == 0


def test_control_a_deadlock_would_be_counted(problems, queue, deadlocks):
    """Two who lock the same two rows in opposite orders: exactly what the services' order prevents."""
    factories.hand_in_papers(problems[:1], 2)
    queue()
    one, other = GradingTask.objects.values_list("pk", flat=True)

    def lock(*tasks):
        def act():
            with transaction.atomic():
                for task in tasks:
                    GradingTask.objects.select_for_update().get(pk=task)
                    time.sleep(0.3)

        return act

    outcomes = at_once(lock(one, other), lock(other, one))
    assert [type(outcome) for outcome in outcomes if outcome] == [OperationalError]
    assert deadlocks() == 1


def test_on_the_page_exactly_one_of_two_wins_and_the_other_sees_both_scores(problems, queue, grader, lead):
    factories.hand_in_papers(problems[:1], 20)
    queue()
    tasks = list(GradingTask.objects.values_list("pk", flat=True))
    Score.objects.bulk_create(
        factories.ScoreFactory.build(task_id=task, task=None, points=1, grader=grader) for task in tasks
    )
    GradingTask.objects.update(status=TaskStatus.SCORED, grader=grader)
    clients = [signed_in(grader), signed_in(lead)]
    for task in tasks:
        form = {"comment": "", "note": "", "based_on": 1, "answer_revision": 1}
        page = reverse("admin:grading_score", args=[task])
        outcomes = at_once(
            lambda page=page, form=form: clients[0].post(page, {**form, "points": "5", "comment": "five"}),
            lambda page=page, form=form: clients[1].post(page, {**form, "points": "3", "comment": "three"}),
        )
        assert sorted(outcome.status_code for outcome in outcomes) == [302, 409]
        (lost,) = [outcome for outcome in outcomes if outcome.status_code == 409]
        for words in ("five", "three"):
            assert words in lost.content.decode()
        assert Score.objects.filter(task=task).count() == 2

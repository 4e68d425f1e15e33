"""The page for the person on call, and what it knows of who was heard."""

import time
import uuid
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import RequestFactory

from apps.access.models import Contestant
from apps.core import breaker, presence
from apps.core.breaker import Breaker
from apps.exams.enums import StaffRole
from apps.exams.models import Exam, ExamStaff
from apps.submissions import gate
from apps.submissions.models import Submission
from apps.submissions.selectors import sitting_now
from apps.submissions.selectors.sitting_now import PAPERS, get_sitting_now
from apps.submissions.views.saving import save as save_view
from examgrader import on_call
from tests import factories
from tests.submissions.conftest import edit, open_paper, pass_of, save

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "saves"])

PAGE = "/console/on-call/"


@pytest.fixture(autouse=True)
def _fresh(monkeypatch):
    """Redis as it is after listening for a while; nobody noted yet in this process."""
    monkeypatch.setattr(PAPERS, "noted", {})
    monkeypatch.setattr(PAPERS, "missed", False)
    monkeypatch.setattr(breaker, "redis", Breaker())
    cache.set(PAPERS.key("since"), time.time() - 600, timeout=None)


def heard(paper, seconds_ago):
    cache.set(PAPERS.key(paper.pk), time.time() - seconds_ago)


def started_long_ago(real_now):
    return open_paper(real_now, started_at=real_now - timedelta(minutes=30))


def now_in(real_now, user=None):
    return get_sitting_now(user, real_now)


def test_who_was_not_heard_for_a_minute_is_silent(real_now):
    active, silent, unheard = (started_long_ago(real_now) for _ in range(3))
    heard(active, 20)
    heard(silent, 90)
    seen = now_in(real_now)
    assert seen.hears
    assert {one.paper_id for exam in seen.exams for one in exam.silent} == {silent.pk, unheard.pk}
    assert (seen.open_papers, seen.silent_papers) == (3, 2)


def test_who_just_started_is_not_silent(real_now):
    open_paper(real_now, started_at=real_now - timedelta(seconds=30))
    assert now_in(real_now).silent_papers == 0


def test_a_save_says_that_somebody_is_there(real_now):
    paper = started_long_ago(real_now)
    save(pass_of(paper), edit())
    assert now_in(real_now + timedelta(seconds=5)).silent_papers == 0


def test_handed_in_papers_and_testers_are_nobody_s_worry(real_now):
    tester, done = started_long_ago(real_now), started_long_ago(real_now)
    tester.registration.tester = True
    tester.registration.save()
    Submission.objects.filter(pk=done.pk).update(submitted_at=real_now, submitted_by="contestant")
    assert now_in(real_now).open_papers == 0


def test_saves_are_counted_by_exam_and_whole_minute(real_now):
    paper, other = started_long_ago(real_now), started_long_ago(real_now)
    save(pass_of(paper), edit(number=1), edit(number=2))
    save(pass_of(other), edit())
    seen = now_in(real_now + timedelta(seconds=60))
    counts = {exam.exam_id: exam.saves_last_minute for exam in seen.exams}
    exam, another = paper.registration.exam_id, other.registration.exam_id
    assert counts == {exam: 2, another: 1}
    assert all(len(exam.saves_by_minute) == sitting_now.MINUTES_SHOWN for exam in seen.exams)


@pytest.mark.parametrize("seconds", [0, 59])
def test_redis_that_was_just_emptied_calls_nobody_silent(real_now, seconds):
    started_long_ago(real_now)
    cache.set(PAPERS.key("since"), time.time() - seconds, timeout=None)
    assert not now_in(real_now).hears
    cache.clear()
    assert not now_in(real_now).hears


def test_a_paper_is_noted_at_most_every_twenty_seconds(monkeypatch):
    writes = []
    monkeypatch.setattr(PAPERS, "write", lambda who: not writes.append(who))
    moment = [100.0]
    monkeypatch.setattr(presence.time, "monotonic", lambda: moment[0])
    for seconds in (0, 5, 19, 20, 21, 41):
        moment[0] = 100.0 + seconds
        PAPERS.note(7)
    PAPERS.note(8)
    assert writes == [7, 7, 7, 8]


def test_notes_wait_while_redis_rests_and_begin_anew_after_it(monkeypatch):
    breaker.redis.rest()
    PAPERS.note(7)
    assert PAPERS.key(7) not in cache
    assert PAPERS.heard([7]) is None
    breaker.redis.resting_until = 0
    PAPERS.note(7)
    heard_now = PAPERS.heard([7])
    assert 7 in heard_now.at
    # What was said while Redis rested is not known: listening starts here.
    assert time.time() - heard_now.since.timestamp() < 5


def test_without_redis_nothing_is_noted_or_known(settings):
    settings.REDIS_URL = ""
    PAPERS.note(7)
    assert PAPERS.heard([7]) is None
    assert PAPERS.key(7) not in cache


def test_a_heartbeat_writes_nothing_in_sql_and_is_noted_after_its_answer(real_now, django_assert_num_queries):
    paper = started_long_ago(real_now)
    request = RequestFactory().post(
        "/exam/save/",
        {"device": str(uuid.UUID(int=1)), "notices": 0, "edits": []},
        content_type="application/json",
        headers={"Authorization": f"Bearer {gate.issue_save_token(pass_of(paper))}"},
    )
    with django_assert_num_queries(1, using="saves") as asked:
        response = save_view(request)
        assert PAPERS.key(paper.pk) not in cache
        response.close()
    assert asked.captured_queries[0]["sql"].lstrip().lower().startswith("select")
    assert "for no key update" not in asked.captured_queries[0]["sql"]
    assert PAPERS.key(paper.pk) in cache


# -- The page ------------------------------------------------------------------------------------------------


@pytest.fixture
def proctor(client, real_now):
    """Signed in as proctor of the exam of one open paper."""
    paper = started_long_ago(real_now)
    user = factories.UserFactory(is_staff=True)
    ExamStaff.objects.create(user=user, exam=paper.registration.exam, role=StaffRole.PROCTOR)
    client.force_login(user)
    client.paper = paper
    return client


def test_a_proctor_sees_the_own_exam_only(proctor, real_now):
    other = started_long_ago(real_now)
    Exam.objects.filter(pk=other.registration.exam_id).update(title="Another's Round")
    Contestant.objects.update(name="Secretname")
    page = proctor.get(PAGE).content.decode()
    assert proctor.paper.registration.exam.title in page
    assert "Another" not in page
    assert "Secretname" not in page, "a number is enough to find the room"


def test_it_refreshes_by_itself_until_it_is_held_still(proctor):
    assert proctor.get(PAGE).headers["Refresh"] == "15"
    still = proctor.get(f"{PAGE}?still")
    assert "Refresh" not in still.headers
    assert still.headers["Cache-Control"].startswith("no-store, private")


def test_without_redis_it_says_what_it_does_not_know(proctor, settings):
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": "unix:///nowhere/valkey.sock"}}
    page = " ".join(proctor.get(PAGE).content.decode().split())
    assert "Saved nothing for over 60 s (1): they may be thinking" in page
    assert "Heartbeats are not known" in page
    assert "Redis does not answer." in page


def test_the_worries_are_told_in_sentences(proctor, settings, tmp_path, real_now):
    settings.BACKUP_STAMP = str(tmp_path / "stamp")
    page = proctor.get(PAGE).content.decode()
    assert "No backup has ended well yet." in page
    assert "1 contestant not heard for over 60 s." in page
    (tmp_path / "stamp").touch()
    heard(proctor.paper, 1)
    assert "Nothing to worry about." in proctor.get(PAGE).content.decode()


def test_a_database_that_takes_no_new_connection_is_a_worry(proctor, monkeypatch):
    monkeypatch.setattr(on_call.health, "database_milliseconds", lambda: None)
    assert "PostgreSQL does not answer" in proctor.get(PAGE).content.decode()


@pytest.mark.parametrize("exams", [1, 3])
def test_query_count_does_not_grow(admin_client, real_now, exams, django_assert_num_queries):
    for _ in range(exams):
        save(pass_of(started_long_ago(real_now)), edit())
    admin_client.get(PAGE)
    # Session, user; exams, papers, last saves of whom Redis does not know, saves by minute.
    with django_assert_num_queries(6):
        admin_client.get(PAGE)


def test_the_saves_of_the_last_minutes_are_found_without_reading_all(real_now):
    """The index is one of the kind that costs a save nothing; it is there, and fits what is asked."""
    with connection.cursor() as cursor:
        cursor.execute("SET enable_seqscan = off")
        cursor.execute(
            "EXPLAIN SELECT count(*) FROM submissions_answerrevision"
            " WHERE received_at > now() - interval '1 minute'"
        )
        plan = "\n".join(row[0] for row in cursor.fetchall())
        cursor.execute("RESET enable_seqscan")
    assert "submissions_revision_arrivals" in plan

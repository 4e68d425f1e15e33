"""Redeeming a key."""

import statistics
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pghistory.models
import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from apps.access.models import AccessKey
from apps.access.rules import keys
from apps.access.services import entry
from apps.access.services.digests import digest_of
from apps.access.services.entry import redeem_key
from apps.access.services.issuing import issue_anonymous_keys, issue_keys_for
from apps.access.services.revoking import Everybody, revoke_keys
from tests.factories import RegistrationFactory, TimeBlockFactory

pytestmark = pytest.mark.django_db

MALFORMED = [
    "",
    "ABCD",
    "0000-0000-0000-0000",
    "ABCD-EFGH-JKMN-PQRS",
    "x" * 10_000,
    "\x00",
    "\ud800",
    "'; --",
]


@pytest.fixture
def exam():
    return TimeBlockFactory().exam


@pytest.fixture
def issued(exam, now):
    [one] = issue_anonymous_keys(exam_id=exam.pk, count=1, actor=None, now=now)
    return one


def test_redeem_key_opens_and_notes_the_first_time_only(issued, now, django_assert_num_queries):
    with django_assert_num_queries(2):
        redeemed = redeem_key(typed=issued.key, now=now)
    key = AccessKey.objects.get()
    assert (redeemed.key_id, redeemed.epoch, redeemed.contestant_id) == (key.pk, 1, key.contestant_id)
    assert redeemed.next_registration_id == issued.registration_id
    assert key.redeemed_at == now
    with django_assert_num_queries(1):
        assert redeem_key(typed=issued.key, now=now.replace(year=2027)) == redeemed
    key.refresh_from_db()
    assert (key.redeemed_at, key.epoch) == (now, 1)  # entering ends nobody's session


@pytest.mark.parametrize("change", [str.lower, lambda key: key.replace("-", ""), lambda key: f" {key}\n"])
def test_redeem_key_forgives_case_and_separators(issued, now, change):
    assert redeem_key(typed=change(issued.key), now=now).registration_ids == (issued.registration_id,)


def test_redeem_key_of_several_exams_begins_with_the_next_one(issued, exam, now):
    contestant = AccessKey.objects.get().contestant
    yesterday, tomorrow = (
        RegistrationFactory(
            exam__contest=exam.contest, contestant=contestant, time_block__opens_at=now + timedelta(days=days)
        )
        for days in (-1, 1)
    )
    redeemed = redeem_key(typed=issued.key, now=now)
    assert redeemed.registration_ids == (issued.registration_id, tomorrow.pk, yesterday.pk)
    assert redeem_key(typed=issued.key, now=now + timedelta(hours=3)).next_registration_id == tomorrow.pk


def test_redeem_key_of_no_exam_opens_nothing_but_is_right(issued, now):
    AccessKey.objects.get().contestant.registrations.all().delete()
    redeemed = redeem_key(typed=issued.key, now=now)
    assert (redeemed.registration_ids, redeemed.next_registration_id) == ((), None)


@pytest.mark.parametrize("typed", MALFORMED)
def test_redeem_key_answers_unknown_and_malformed_alike(issued, now, typed):
    outcomes = set()
    for text in (keys.printed(keys.new_key()), typed):
        with (
            CaptureQueriesContext(
                connection,
            ) as queries,
            pytest.raises(entry.KeyUnknown) as refused,
        ):
            redeem_key(typed=text, now=now)
        outcomes.add((str(refused.value), refused.value.code, len(queries)))
    assert outcomes == {
        ("We do not know this key. Compare it with your slip letter by letter.", "unknown_key", 1)
    }


def test_redeem_key_takes_the_same_time_for_unknown_and_malformed(issued, now):
    def seconds(text):
        started = time.perf_counter()
        with pytest.raises(entry.KeyUnknown):
            redeem_key(typed=text, now=now)
        return time.perf_counter() - started

    # Taken in turns, so that whatever slows the machine slows both.
    pairs = [(seconds(keys.new_key()), seconds("hello")) for _ in range(150)]
    unknown, malformed = (statistics.median(times) for times in zip(*pairs, strict=True))
    assert abs(unknown - malformed) < 0.005


def test_redeem_key_tells_the_holder_of_a_replaced_key(issued, exam, now):
    issue_keys_for(
        exam_id=exam.pk, registration_ids=[issued.registration_id], replace=True, actor=None, now=now
    )
    with pytest.raises(entry.KeyReplaced) as refused:
        redeem_key(typed=issued.key, now=now)
    assert (str(refused.value), refused.value.code) == (
        "This key was replaced. Ask for the new slip.",
        "key_replaced",
    )


def test_redeem_key_tells_the_holder_of_a_revoked_key(issued, exam, now):
    revoke_keys(exam_id=exam.pk, chosen=Everybody(), reason="lost", actor=None, now=now)
    with pytest.raises(entry.KeyReplaced) as refused:
        redeem_key(typed=issued.key, now=now)
    assert (str(refused.value), refused.value.code) == (entry.REVOKED, "key_replaced")
    assert AccessKey.objects.get().redeemed_at is None


def test_digest_of_depends_on_the_pepper(settings):
    first = digest_of("ABCD-EFGH-JKMN-PQRS")
    assert len(first) == 32
    settings.ACCESS_KEY_PEPPER = "another pepper"
    assert digest_of("ABCD-EFGH-JKMN-PQRS") != first


@pytest.mark.django_db(transaction=True, databases=["default", "saves"])
def test_20_devices_redeeming_one_key_at_once_are_all_let_in(now):
    """Entering locks nobody out and ends nobody's session; the first time is noted once."""
    exam = TimeBlockFactory().exam
    [issued] = issue_anonymous_keys(exam_id=exam.pk, count=1, actor=None, now=now)
    together = threading.Barrier(20)

    def redeem(second):
        together.wait()
        try:
            return redeem_key(typed=issued.key, now=now + timedelta(seconds=second))
        finally:
            connections.close_all()

    with ThreadPoolExecutor(20) as pool:
        redeemed = set(pool.map(redeem, range(20)))
    assert len(redeemed) == 1
    key = AccessKey.objects.get()
    assert now <= key.redeemed_at < now + timedelta(seconds=20)
    events = pghistory.models.Events.objects.tracks(key)
    assert [event.pgh_context["act"] for event in events.order_by("pgh_id")] == [
        "issue_anonymous_keys",
        "redeem_key",
    ]

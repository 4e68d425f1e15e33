"""Issuing keys."""

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor

import pghistory.models
import pytest
from django.db import IntegrityError, connection, connections
from psycopg import sql

from apps.access.models import AccessKey, Contestant, KeyBatch, Registration
from apps.access.rules import keys
from apps.access.services import issuing
from apps.access.services.issuing import IssuedAlready, issue_anonymous_keys, issue_keys_for
from apps.core.errors import RuleViolation
from tests.factories import (
    ContestantFactory,
    ExamFactory,
    RegistrationFactory,
    SchoolFactory,
    TimeBlockFactory,
    UserFactory,
)


@pytest.fixture
def block(db):
    return TimeBlockFactory(name="Europe")


@pytest.fixture
def exam(block):
    return block.exam


def anonymous(exam, now, count=3, **kwargs):
    return issue_anonymous_keys(exam_id=exam.pk, count=count, actor=None, now=now, **kwargs)


def test_issue_anonymous_keys_makes_contestants_of_a_number(exam, now):
    ContestantFactory(contest=exam.contest, number=416)
    issued = anonymous(exam, now)
    assert [one.number for one in issued] == ["0417", "0418", "0419"]
    assert {(one.name, one.external_id, one.time_block) for one in issued} == {("", "", "Europe")}
    assert [keys.find_mistake(one.key) for one in issued] == [None] * 3
    assert [one.hint for one in issued] == [one.key[:4] for one in issued]
    registrations = Registration.objects.filter(contestant__number__gte=417)
    assert [(one.exam_id, one.time_block.name, one.tester) for one in registrations] == [
        (exam.pk, "Europe", False)
    ] * 3


def test_issue_anonymous_keys_notes_the_batch(exam, now):
    user = UserFactory()
    [one] = issue_anonymous_keys(exam_id=exam.pk, count=1, actor=user, now=now)
    batch = KeyBatch.objects.get()
    assert (batch.pk, batch.key_count, batch.created_by, batch.created_at) == (one.batch, 1, user, now)


def test_issue_anonymous_keys_for_testers(exam, now):
    anonymous(exam, now, count=1, tester=True)
    assert Registration.objects.get().tester


def test_issue_anonymous_keys_takes_the_named_time_block(exam, now):
    TimeBlockFactory(exam=exam, name="Asia")
    [one] = anonymous(exam, now, count=1, time_block="Asia")
    assert one.time_block == "Asia"


@pytest.mark.parametrize(
    ("blocks", "named", "sentence"),
    [
        ([], "", "This exam has no time block yet."),
        (["A", "B"], "", "This exam has several time blocks. Name one of: A, B."),
        (["A"], "C", "There is no time block “C”. Name one of: A."),
    ],
)
def test_issue_anonymous_keys_never_guesses_the_time_block(db, now, blocks, named, sentence):
    exam = ExamFactory()
    for name in blocks:
        TimeBlockFactory(exam=exam, name=name)
    with pytest.raises(issuing.TimeBlockUnclear) as refused:
        anonymous(exam, now, time_block=named)
    assert str(refused.value) == sentence
    assert not Contestant.objects.exists()


@pytest.mark.parametrize("count", [-1, 0, issuing.MOST_KEYS + 1])
def test_issue_anonymous_keys_refuses_a_senseless_count(exam, now, count):
    with pytest.raises(issuing.KeyCountOutOfRange):
        anonymous(exam, now, count=count)


def test_issue_keys_for_prints_what_stands_on_the_slip_in_the_order_given(exam, block, now):
    school = SchoolFactory(contest=exam.contest, name="Gauss School")
    ana, bo = (
        RegistrationFactory(
            exam=exam,
            time_block=block,
            contestant__name=name,
            contestant__external_id=name,
            contestant__school=school,
        )
        for name in ("Ana", "Bo")
    )
    issued = issue_keys_for(
        exam_id=exam.pk, registration_ids=[bo.pk, ana.pk, bo.pk], replace=False, actor=None, now=now
    )
    assert [(one.name, one.external_id, one.school, one.time_block) for one in issued] == [
        ("Bo", "Bo", "Gauss School", "Europe"),
        ("Ana", "Ana", "Gauss School", "Europe"),
    ]


def test_issue_keys_for_leaves_out_who_has_a_key(exam, block, now):
    first, second = (RegistrationFactory(exam=exam, time_block=block) for _ in range(2))
    issue_keys_for(exam_id=exam.pk, registration_ids=[first.pk], replace=False, actor=None, now=now)
    both = [first.pk, second.pk]
    issued = issue_keys_for(exam_id=exam.pk, registration_ids=both, replace=False, actor=None, now=now)
    assert [one.registration_id for one in issued] == [second.pk]
    with pytest.raises(issuing.NobodyWithoutKey):
        issue_keys_for(exam_id=exam.pk, registration_ids=both, replace=False, actor=None, now=now)


def test_issue_keys_for_replaces_when_asked(exam, block, now):
    registration = RegistrationFactory(exam=exam, time_block=block)
    issue = lambda: issue_keys_for(  # noqa: E731
        exam_id=exam.pk, registration_ids=[registration.pk], replace=True, actor=None, now=now
    )
    [old], [new] = issue(), issue()
    assert AccessKey.objects.get(pk=old.id).revoked_reason == issuing.REPLACED
    assert AccessKey.objects.valid().get().pk == new.id
    assert old.key != new.key


def test_issue_keys_for_refuses_registrations_of_another_exam(exam, now):
    stranger = RegistrationFactory()
    for wanted in ([stranger.pk], [0]):
        with pytest.raises(issuing.RegistrationUnknown):
            issue_keys_for(exam_id=exam.pk, registration_ids=wanted, replace=True, actor=None, now=now)
    with pytest.raises(issuing.KeyCountOutOfRange):
        issue_keys_for(exam_id=exam.pk, registration_ids=[], replace=True, actor=None, now=now)


def test_1500_keys_take_a_handful_of_statements(exam, now, django_assert_max_num_queries):
    with django_assert_max_num_queries(12):
        issued = anonymous(exam, now, count=1_500)
    ids = [one.registration_id for one in issued]
    with django_assert_max_num_queries(12):
        issue_keys_for(exam_id=exam.pk, registration_ids=ids, replace=True, actor=None, now=now)


def test_keys_are_nowhere_in_the_database(exam, now):
    issued = anonymous(exam, now)
    for word in (part for one in issued for part in (one.key, one.key.replace("-", ""))):
        assert tables_that_hold(word) == []
    assert tables_that_hold(issued[0].hint) == ["access_accesskey", "access_accesskeyevent"]  # the control


def tables_that_hold(word):
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            # As text, like a dump would show it.
            query = sql.SQL("SELECT count(*) FROM {} AS t WHERE t::text ILIKE %s").format(
                sql.Identifier(table)
            )
            cursor.execute(query, [f"%{word}%"])
            if cursor.fetchone()[0]:
                found.append(table)
    return sorted(found)


def test_the_plaintext_shows_in_no_log_line(exam, now):
    [one] = anonymous(exam, now, count=1)
    assert one.key not in repr(one)
    assert one.key not in str([one])


def test_issuing_names_the_act_in_the_history(exam, now):
    user = UserFactory()
    [one] = issue_anonymous_keys(exam_id=exam.pk, count=1, actor=user, now=now)
    event = pghistory.models.Events.objects.tracks(AccessKey.objects.get(pk=one.id)).get()
    assert event.pgh_context["actor"] == user.pk
    assert event.pgh_context["act"] == "issue_anonymous_keys"
    assert "digest" not in event.pgh_data


def in_threads(work, count):
    """Run it `count` times at once, each on its own connection; the outcomes, refusals included."""
    barrier = threading.Barrier(count)

    def run(number):
        try:
            barrier.wait()
            return work(number)
        except (IntegrityError, RuleViolation) as error:
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


@pytest.mark.django_db(transaction=True)
def test_20_people_issuing_at_once_never_give_out_a_number_twice(now):
    exam = TimeBlockFactory().exam
    issued = in_threads(lambda _: anonymous(exam, now, count=5), 20)
    numbers = [one.number for batch in issued for one in batch]
    assert len(numbers) == len(set(numbers)) == Contestant.objects.count() == 100


@pytest.mark.django_db(transaction=True)
def test_20_people_issuing_at_once_do_without_the_lock(now, monkeypatch):
    """The control: without the lock the same race ends in numbers given out twice."""
    exam = TimeBlockFactory().exam
    monkeypatch.setattr(issuing, "lock_contest", lambda contest_id: None)
    counted = threading.Barrier(2)
    honest = issuing.next_number

    def next_number(contest_id):
        number = honest(contest_id)
        counted.wait()
        return number

    monkeypatch.setattr(issuing, "next_number", next_number)
    outcomes = in_threads(lambda _: anonymous(exam, now, count=5), 2)
    assert sum(isinstance(outcome, IntegrityError) for outcome in outcomes) == 1


@pytest.mark.django_db(transaction=True)
def test_replacing_one_key_20_times_at_once_leaves_one_valid_key(now):
    registration = RegistrationFactory()
    in_threads(
        lambda _: issue_keys_for(
            exam_id=registration.exam_id,
            registration_ids=[registration.pk],
            replace=True,
            actor=None,
            now=now,
        ),
        20,
    )
    assert AccessKey.objects.count() == 20
    assert AccessKey.objects.valid().count() == 1


def replace_once(registration, now, request):
    return issue_keys_for(
        exam_id=registration.exam_id,
        registration_ids=[registration.pk],
        replace=True,
        actor=None,
        now=now,
        request=request,
    )


@pytest.mark.django_db(transaction=True)
def test_a_page_whose_button_is_pressed_20_times_at_once_issues_once(now):
    registration = RegistrationFactory()
    request = uuid.uuid4()
    outcomes = in_threads(lambda _: replace_once(registration, now, request), 20)
    assert sum(isinstance(outcome, IssuedAlready) for outcome in outcomes) == 19
    assert AccessKey.objects.count() == KeyBatch.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_page_whose_button_is_pressed_twice_at_once_does_without_the_lock(now, monkeypatch):
    """The control: without the lock both presses find no batch; the database holds one back."""
    registration = RegistrationFactory()
    monkeypatch.setattr(issuing, "lock_contest", lambda contest_id: None)
    looked = threading.Barrier(2)
    honest = issuing.refuse_twice

    def refuse_twice(request):
        honest(request)
        looked.wait()

    monkeypatch.setattr(issuing, "refuse_twice", refuse_twice)
    request = uuid.uuid4()
    outcomes = in_threads(lambda _: replace_once(registration, now, request), 2)
    assert sum(isinstance(outcome, IntegrityError) for outcome in outcomes) == 1
    assert KeyBatch.objects.count() == 1

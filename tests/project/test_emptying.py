"""What ends a test with real commits leaves what Django's `flush` leaves."""

import pytest
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.db import ProgrammingError, connection, transaction
from django.test import TransactionTestCase

from apps.submissions.models import AnswerRevision
from tests import factories
from tests.support import emptying
from tests.support.racing import Racer, wait_for_waiters

pytestmark = pytest.mark.django_db(transaction=True)


def flush(case):
    """What Django does, and what the deleting falls back to."""
    flush.times += 1
    for model in (Permission, ContentType):
        model.objects.all().delete()


@pytest.fixture
def end():
    flush.times = 0
    return emptying.by_deleting(flush)


def row_counts():
    tables = connection.introspection.django_table_names(only_existing=True, include_views=False)
    with connection.cursor() as cursor:
        counts = {
            table: cursor.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608
            for table in tables
        }
    return {table: count for table, count in counts.items() if count}


def test_tests_with_commits_end_by_deleting():
    if not emptying.may_switch_triggers_off():
        pytest.skip("This user of the database may not switch triggers off: tests end by `flush`.")
    assert TransactionTestCase._fixture_teardown.__module__ == emptying.__name__


def test_what_guards_keep_is_deleted_as_well(end):
    before = row_counts()
    factories.ScoreFactory()
    factories.AnswerRevisionFactory()
    with pytest.raises(ProgrammingError):
        AnswerRevision.objects.all().delete()
    assert len(row_counts()) > len(before) == len(emptying.KEPT)
    end(None)
    assert row_counts() == before
    assert flush.times == 0


def test_guards_are_back_afterwards(end):
    end(None)
    factories.AnswerRevisionFactory()
    with pytest.raises(ProgrammingError):
        AnswerRevision.objects.all().delete()


def test_what_somebody_still_writes_is_waited_for(end):
    before = row_counts()
    with transaction.atomic():
        factories.RegistrationFactory()
        ending = Racer(lambda: end(None))
        ending.start()
        wait_for_waiters(1)
    ending.result()
    assert row_counts() == before


@pytest.mark.parametrize("change", ["more", "fewer", "others"])
def test_changed_permissions_are_left_to_flush(end, change):
    if change == "more":
        kind = ContentType.objects.create(app_label="exams", model="invented")
        Permission.objects.create(content_type=kind, codename="invent", name="Invent")
    elif change == "fewer":
        Permission.objects.first().delete()
    else:
        Permission.objects.filter(pk=Permission.objects.first().pk).update(name="Other")
    end(None)
    assert flush.times == 1
    end(None)
    assert flush.times == 1  # what it left is what is kept from now on

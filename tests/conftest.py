"""What every test may ask for."""

import fcntl
import gc
import os
from datetime import UTC, datetime

import pytest
import time_machine
from django.core.cache import cache
from django.db import connection, connections
from django.test import TransactionTestCase

from apps.access.gate import FAILURES
from apps.core import breaker
from apps.exams.api.base import ExpensiveCalls, StaffCalls
from apps.exams.selectors.content import CONTENT
from apps.submissions.views.paper_page import PAGES
from tests import factories
from tests.support import emptying
from tests.support.static_files import collect_files


def pytest_collection_modifyitems(items):
    """Long tests begin first: one that begins last keeps a whole run waiting, with one process busy."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


def pytest_collection_finish():
    """What is loaded by now stays: the garbage collector need not look through it again and again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    """Django's test database; what tests commit is deleted after them, which is quicker than its `flush`."""
    with pytest.MonkeyPatch.context() as patch:
        with django_db_blocker.unblock():
            forgo_statistics()
            if emptying.may_switch_triggers_off():
                end = emptying.by_deleting(TransactionTestCase._fixture_teardown)
                patch.setattr(TransactionTestCase, "_fixture_teardown", end)
        yield


def forgo_statistics():
    """Let autovacuum leave the tables alone: what it counts between two tests is wrong within the next.

    A table that was found empty stays so in the eyes of the planner for as long as a test's transaction
    lasts, and a statement about 1,500 answers then takes most of a minute.
    """
    with connection.cursor() as cursor:
        for table in connection.introspection.django_table_names(only_existing=True, include_views=False):
            cursor.execute(f"ALTER TABLE {table} SET (autovacuum_enabled = off)")


@pytest.fixture
def now() -> datetime:
    """A moment in the middle of the factories' time block."""
    return factories.NOW


@pytest.fixture(autouse=True)
def _empty_cache():
    """Counters and contents of one test are not another's: their databases have nothing in common.

    Nor is what the last one did to Redis.
    """
    breaker.redis.mend()
    cache.clear()
    for counter in (FAILURES, StaffCalls.counter, ExpensiveCalls.counter):
        counter.remembered.clear()
    CONTENT.recent.clear()
    PAGES.clear()


@pytest.fixture(autouse=True)
def _same_connection(request):
    """In a test's own transaction another connection would see none of its rows: both aliases are one.

    Tests with real commits, threads or servers keep them apart, as the product does.
    """
    marker = request.node.get_closest_marker("django_db")
    asked = set(request.fixturenames)
    apart = {"transactional_db", "live_server"} & asked or (marker and marker.kwargs.get("transaction"))
    if apart or not (marker or "db" in asked):
        yield
        return
    # First what Django sets up: it forbids the connections that a test did not name, by changing them.
    request.getfixturevalue("db")
    own, connections["saves"] = connections["saves"], connections["default"]
    yield
    connections["saves"] = own


@pytest.fixture
def real_now() -> datetime:
    """The wall clock, for what the database's own clock decides."""
    return datetime.now(tz=UTC)


@pytest.fixture
def within_a_minute():
    """Calls are counted by the minute of the clock: a test that reaches a limit must not run over its end."""
    with time_machine.travel(datetime.now(tz=UTC).replace(second=1)):
        yield


@pytest.fixture(scope="session")
def collected(tmp_path_factory):
    """A folder with the static files as a deployment collects them, made once for all processes of a run."""
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    folder = shared / "collected"
    with (shared / "collecting").open("a") as door:
        fcntl.flock(door, fcntl.LOCK_EX)
        if not folder.exists():
            collect_files(tmp_path_factory.mktemp("collected")).rename(folder)
    return folder

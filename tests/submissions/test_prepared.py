"""A server that only reads any more: a standby after a failover, or one that still recovers."""

import pytest
from django.db import InternalError, connections
from django.test import RequestFactory

from apps.core import prepared
from apps.submissions.services import saving
from examgrader.busy import BusyDatabaseMiddleware
from tests.submissions.conftest import edit, pass_of, save

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "saves"])


def read_only(*, from_now_on):
    """Make this connection one that only reads; with `from_now_on` all new ones too."""
    with connections["saves"].cursor() as cursor:
        if from_now_on:
            name = connections["saves"].settings_dict["NAME"]
            cursor.execute(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')
        cursor.execute("SET default_transaction_read_only = on")


@pytest.fixture
def _writable_again():
    yield
    with connections["default"].cursor() as cursor:
        cursor.execute("SET default_transaction_read_only = off")
        name = connections["default"].settings_dict["NAME"]
        cursor.execute(f'ALTER DATABASE "{name}" RESET default_transaction_read_only')
    for connection in connections.all():
        connection.close()


def test_save_batch_finds_the_server_that_writes_after_a_failover(paper):
    read_only(from_now_on=False)
    assert [edit.state for edit in save(pass_of(paper), edit()).edits] == ["current"]


@pytest.mark.usefixtures("_writable_again")
def test_save_batch_is_told_to_come_again_while_no_server_writes(paper):
    connections["default"].ensure_connection()
    read_only(from_now_on=True)
    with pytest.raises(saving.DatabaseBusy):
        save(pass_of(paper), edit())


def test_a_page_says_that_the_server_is_busy(paper):
    read_only(from_now_on=False)
    with pytest.raises(InternalError) as caught:
        prepared.fetch(connections["saves"], "UPDATE submissions_submission SET writer = NULL", {})
    response = BusyDatabaseMiddleware(lambda _: None).process_exception(
        RequestFactory().get("/exam/"), caught.value
    )
    assert response is not None
    assert response.status_code == 503
    assert response.headers["Retry-After"]

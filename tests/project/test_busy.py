"""A database that cannot serve in time: 503 and a calm page."""

import pytest
from django.db import connections, transaction

from tests import factories
from tests.support.entering import enter
from tests.support.racing import Racer


@pytest.mark.django_db(transaction=True, databases=["default", "saves"])
def test_a_lock_that_is_not_to_be_had_is_503_with_retry_after(client):
    registration = factories.RegistrationFactory()
    enter(client, registration)

    def ask():
        for connection in connections.all():
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = '50ms'")
        return client.get("/exam/")

    with transaction.atomic(), connections["default"].cursor() as cursor:
        cursor.execute("LOCK TABLE access_accesskey IN ACCESS EXCLUSIVE MODE")
        asker = Racer(ask)
        asker.start()
        response = asker.result()
    assert response.status_code == 503
    assert int(response.headers["Retry-After"]) > 0
    assert "The server is busy" in response.content.decode()
    assert client.get("/exam/").status_code == 200


@pytest.mark.django_db
def test_any_other_error_is_not_taken_for_a_busy_database(client, monkeypatch):
    def fail(**_):
        raise ZeroDivisionError

    enter(client, factories.RegistrationFactory())
    monkeypatch.setattr("apps.submissions.views.sitting.get_cover", fail)
    with pytest.raises(ZeroDivisionError):
        client.get("/exam/")

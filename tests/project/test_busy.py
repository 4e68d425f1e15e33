"""A database that cannot serve in time: 503 and a calm page."""

import pytest
from django.db import connections, transaction
from django.http import UnreadablePostError
from django.test import RequestFactory

from apps.submissions import gate
from apps.submissions.services.saving import SavePass
from examgrader.busy import BusyDatabaseMiddleware
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


class BrokenLine:
    """A body that does not come."""

    def read(self, *_):
        raise BlockingIOError

    readline = read


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/api/v1/token/", "/api/v1/token/key/"])
def test_the_api_tells_that_a_body_does_not_come_as_a_problem(client, path):
    response = client.post(path, "{}", content_type="application/json", **{"wsgi.input": BrokenLine()})
    assert (response.status_code, response.json()["code"]) == (408, "not_whole")


def test_a_page_whose_form_does_not_come_is_408():
    """Wherever the check of the form's token did not stumble over it first."""
    answer = BusyDatabaseMiddleware(lambda _: None).process_exception(
        RequestFactory().post("/exam/paper/"), UnreadablePostError()
    )
    assert answer is not None
    assert answer.status_code == 408


@pytest.mark.django_db(transaction=True, databases=["default", "saves"])
def test_a_save_whose_body_does_not_come_is_no_batch(client):
    answer = factories.AnswerFactory()
    key = factories.AccessKeyFactory(contestant=answer.submission.registration.contestant)
    save_pass = SavePass(answer.submission_id, key.pk, key.epoch, 1)
    response = client.post(
        "/exam/save/",
        "{}",
        content_type="application/json",
        headers={"Authorization": f"Bearer {gate.issue_save_token(save_pass)}"},
        **{"wsgi.input": BrokenLine()},
    )
    assert (response.status_code, response.json()["code"]) == (400, "invalid_batch")
    assert response.json()["errors"][0]["message"] == "The body did not come whole."

"""gunicorn's own log as an operator gets it."""

import http.client

import pytest
from django.db import connection

from examgrader.server_log import ServerLog
from tests.support.serving import database_url, gunicorn

pytestmark = pytest.mark.django_db(transaction=True)
CODE = "SECRET-RECEIPT-CODE"


def logged(tmp_path, collected, **environment):
    """What stands in the log after somebody asked for a receipt by its code."""
    name = connection.settings_dict["NAME"]
    environment |= {"WEB_CONCURRENCY": "1", "LOG_LEVEL": "INFO", "STATIC_ROOT": str(collected)}
    with gunicorn(database_url(name), tmp_path, **environment) as server:
        line = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
        line.request("GET", f"/receipts/{CODE}/", headers={"Host": "localhost"})
        response = line.getresponse()
        assert response.status == 404
        assert response.read()
        line.close()
    return server.said()


def test_a_request_is_told_once_and_by_its_route(tmp_path, collected):
    said = logged(tmp_path, collected)
    assert CODE not in said
    assert said.count("receipt_public") == 1


def test_gunicorn_without_our_log_would_tell_the_address(tmp_path, collected):
    """The control: why there is a class of our own."""
    assert CODE in logged(tmp_path, collected, GUNICORN_CMD_ARGS="--logger-class gunicorn.glogging.Logger")
    assert ServerLog.access is not ServerLog.__mro__[1].access

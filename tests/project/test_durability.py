"""The check that keeps "saved" true: the database waits for its disk."""

from urllib.parse import quote

import psycopg
import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import connection

from examgrader import durability
from tests.support.serving import Gunicorn, database_url

pytestmark = pytest.mark.django_db(databases=["default", "saves"])


def test_a_database_that_waits_for_its_disk_is_accepted():
    call_command("check", databases=["default"], tags=["database"])


def test_a_database_that_answers_before_its_disk_is_refused():
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL synchronous_commit = off")
    with pytest.raises(SystemCheckError, match="synchronous_commit is off"):
        call_command("migrate", plan=True, verbosity=0, skip_checks=False)


def test_the_web_does_not_start_on_a_database_that_answers_before_its_disk(tmp_path):
    """The setting may stand anywhere: here in the connection, as it may in a role or the server."""
    address = database_url("postgres")
    weak = f"{address}{'&' if '?' in address else '?'}options={quote('-c synchronous_commit=off')}"
    with psycopg.connect(weak) as line:
        assert line.execute("SHOW synchronous_commit").fetchone() == ("off",)
    server = Gunicorn(weak, tmp_path)
    server.start(wait=False)
    try:
        assert server.process.wait(timeout=60) != 0
        assert "synchronous_commit is off" in server.said()
    finally:
        server.stop()


def test_a_process_started_later_serves_and_says_so(monkeypatch, caplog):
    monkeypatch.setattr(durability.connections, "close_all", lambda: None)  # the test goes on with its own
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL synchronous_commit = off")
    durability.refuse_to_serve_from_weak_databases(is_first=False)
    assert "synchronous_commit is off" in caplog.text
    with pytest.raises(SystemExit):
        durability.refuse_to_serve_from_weak_databases(is_first=True)


def test_a_database_that_is_away_is_waited_for(monkeypatch, caplog):
    monkeypatch.setattr(durability.connections, "close_all", lambda: None)

    def away(alias):
        raise durability.DatabaseError

    monkeypatch.setattr(durability, "weaknesses", away)
    durability.refuse_to_serve_from_weak_databases(is_first=True)
    assert "does not answer yet" in caplog.text

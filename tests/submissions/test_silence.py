"""A PostgreSQL that says nothing is waited for by one, not by everybody, and is heard again at once."""

import socket
import time

import pytest
from django.db import OperationalError, ProgrammingError, connections
from psycopg.pq import TransactionStatus

from apps.core.breaker import Breaker
from apps.submissions.services import writing
from apps.submissions.services.saving import DatabaseBusy
from examgrader.postgresql import silence
from tests.submissions.conftest import edit, pass_of, save

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "saves"])

SECONDS = 0.2


class Clock:
    seconds = 100.0

    def __call__(self):
        return self.seconds


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(silence.SERVER, "breaker", Breaker("postgresql", rest_seconds=2, clock=clock))
    return clock


@pytest.fixture
def impatient(clock, settings):
    """The web's own wait, shortened, and a clock that stands still."""
    settings.DATABASE_SILENCE = SECONDS
    return clock


@pytest.fixture
def connection():
    connection = connections.create_connection("default")
    yield connection
    connection.close()


def ask(connection, statement="SELECT 1"):
    with connection.cursor() as cursor:
        return cursor.execute(statement).fetchone()[0]


def say_nothing(connection):
    """A statement that is not answered in time, as by a server that hangs."""
    with pytest.raises(OperationalError, match="said nothing for"):
        ask(connection, "SELECT 1 FROM pg_sleep(3)")


def test_a_server_that_says_nothing_is_not_waited_for(impatient, connection):
    ask(connection)
    started = time.monotonic()
    say_nothing(connection)
    assert SECONDS <= time.monotonic() - started < 3


@pytest.mark.usefixtures("clock")
def test_control_without_the_limit_it_is(connection):
    started = time.monotonic()
    assert ask(connection, "SELECT 1 FROM pg_sleep(0.7)") == 1
    assert time.monotonic() - started > 3 * SECONDS


def test_everybody_else_is_told_at_once_and_keeps_a_sound_connection(impatient, connection):
    other = connections.create_connection("saves")
    ask(other)
    say_nothing(connection)
    with pytest.raises(OperationalError, match="a moment ago"):
        ask(other)
    assert other.connection.info.transaction_status == TransactionStatus.IDLE
    with pytest.raises(OperationalError, match="a moment ago"):
        connections.create_connection("default").ensure_connection()
    impatient.seconds += 2
    assert ask(other) == 1
    other.close()


def test_one_tries_again_and_its_success_is_everybodys(impatient, connection):
    say_nothing(connection)
    impatient.seconds += 2
    connection.close()
    say_nothing(connection)
    connection.close()
    with pytest.raises(OperationalError, match="a moment ago"):
        ask(connection)
    impatient.seconds += 2
    assert ask(connection) == 1
    assert not silence.SERVER.breaker.is_resting


def test_what_the_silent_server_says_later_is_nobodys_answer(impatient, connection):
    say_nothing(connection)
    assert connection.connection.closed
    impatient.seconds += 2
    connection.close()
    assert ask(connection, "SELECT 7") == 7


def test_a_refusal_is_an_answer(impatient, connection):
    with pytest.raises(ProgrammingError):
        ask(connection, "SELECT nothing_of_that_name")
    assert not silence.SERVER.breaker.is_resting


def test_a_line_that_swallows_everything_is_found_out_by_connecting(impatient, connection):
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen()
        connection.settings_dict = {
            **connection.settings_dict,
            "HOST": "127.0.0.1",
            "PORT": deaf.getsockname()[1],
            "OPTIONS": {**connection.settings_dict["OPTIONS"], "connect_timeout": 2},
        }
        with pytest.raises(OperationalError, match="said nothing for"):
            connection.ensure_connection()
        with pytest.raises(OperationalError, match="a moment ago"):
            connection.ensure_connection()


def test_a_save_is_told_to_come_again_and_is_kept_then(impatient, paper, monkeypatch):
    save_pass = pass_of(paper)
    with monkeypatch.context() as patch:
        patch.setattr(writing, "SAVE", "select pg_sleep(3), %(papers)s")
        with pytest.raises(DatabaseBusy):
            save(save_pass, edit())
    with pytest.raises(DatabaseBusy):
        save(save_pass, edit())
    impatient.seconds += 2
    assert [one.state for one in save(save_pass, edit()).edits] == ["current"]

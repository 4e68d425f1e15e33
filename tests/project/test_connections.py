"""Room for connections, and how long anything may hold one."""

import os
import runpy
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from examgrader import connections

ROOT = Path(__file__).parents[2]
CONFIGURATION = ROOT / "examgrader" / "gunicorn.conf.py"


def room():
    found = connections.max_connections(os.environ["DATABASE_URL"])
    assert found is not None
    return found


def test_as_many_threads_as_there_is_room_for_are_fine():
    most = (room() - connections.KEPT_FREE) // connections.CONNECTIONS_OF_A_THREAD
    connections.refuse_too_many_threads(database_url=os.environ["DATABASE_URL"], workers=1, threads=most)


def test_one_thread_more_is_refused_with_what_to_do():
    most = (room() - connections.KEPT_FREE) // connections.CONNECTIONS_OF_A_THREAD
    with pytest.raises(SystemExit, match="Set WEB_CONCURRENCY lower"):
        connections.refuse_too_many_threads(
            database_url=os.environ["DATABASE_URL"], workers=1, threads=most + 1
        )


def test_another_name_for_postgresql_is_understood():
    url = "postgres" + os.environ["DATABASE_URL"].removeprefix("postgresql")
    assert connections.max_connections(url) == room()


def test_a_database_that_is_away_does_not_keep_the_web_down(capsys):
    nowhere = "postgresql://nobody@127.0.0.1:1/none"
    connections.refuse_too_many_threads(database_url=nowhere, workers=100, threads=100)
    assert "does not answer yet" in capsys.readouterr().err


def test_gunicorn_does_not_start_with_more_than_fits():
    done = subprocess.run(
        [sys.executable, "-m", "gunicorn", "--config", CONFIGURATION],
        env={**os.environ, "WEB_CONCURRENCY": "1000", "PORT": "0"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert "1000 processes of 6 threads hold up to 12000 database connections" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.fixture
def patience(monkeypatch):
    """What gunicorn asks of every connection, unless the environment asks something else."""
    monkeypatch.setenv("DATABASE_PATIENCE", "")
    monkeypatch.delenv("DATABASE_PATIENCE")
    runpy.run_path(str(CONFIGURATION))
    return os.environ["DATABASE_PATIENCE"]


def test_the_web_waits_for_nothing_longer_than_it_says(patience):
    with psycopg.connect(os.environ["DATABASE_URL"], options=patience) as connection:
        shown = {
            name: connection.execute(f"SHOW {name}".encode()).fetchone()[0]
            for name in ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout")
        }
    assert shown == {
        "lock_timeout": "2s",
        "statement_timeout": "5s",
        "idle_in_transaction_session_timeout": "10s",
    }

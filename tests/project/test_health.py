"""The probes, and gunicorn as production runs it."""

import os
import runpy
import subprocess
import sys
import time
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from unittest import mock

import pytest

from examgrader import localservices

ROOT = localservices.BASE_DIR
UNREACHABLE = "postgresql://postgres@/examgrader?host=/nowhere"


def test_alive_asks_nothing(client):
    """This test has no access to the database (no django_db mark): a query would fail it."""
    assert client.get("/healthz").status_code == 200


@pytest.mark.django_db
def test_ready_with_database_and_redis(client):
    response = client.get("/readyz")
    assert response.status_code == 200
    assert response.json() == {"database": "ok", "redis": "ok"}


@pytest.mark.django_db
def test_ready_without_redis(client, settings):
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": "unix:///nowhere/valkey.sock"}}
    started = time.monotonic()
    response = client.get("/readyz")
    assert response.status_code == 200
    assert response.json() == {"database": "ok", "redis": "down"}
    assert time.monotonic() - started < 1, "a cache that is down is not asked again and again"


@pytest.mark.django_db
def test_ready_where_no_redis_was_asked_for(client, settings):
    settings.REDIS_URL = ""
    assert client.get("/readyz").json()["redis"] == "not configured"


@contextmanager
def gunicorn(tmp_path, **environment):
    """The real server with production settings on a socket of its own; yields a function that asks it."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        **{name: f"{name}-0123456789abcdefghijklmnopqrstuvwxyz" for name in localservices.SECRETS},
        "DATABASE_URL": UNREACHABLE,
        "REDIS_URL": "unix:///nowhere/valkey.sock",
        "PUBLIC_URL": "https://exams.example.org",
        "HOST": "127.0.0.1",
        "PORT": "0",
        "WEB_CONCURRENCY": "1",
        **environment,
    }
    log = tmp_path / "log"
    with log.open("w") as errors:
        server = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "--config", "examgrader/gunicorn.conf.py"],
            cwd=ROOT,
            env=environment,
            stderr=errors,
        )
    try:
        port = wait_for_port(server, log)

        def ask(path, **headers):
            with closing(HTTPConnection("127.0.0.1", port, timeout=20)) as connection:
                connection.request("GET", path, headers={"Host": "exams.example.org", **headers})
                response = connection.getresponse()
                return response.status, response.read().decode()

        yield ask
    finally:
        server.terminate()
        server.wait(timeout=20)


def wait_for_port(server, log):
    until = time.monotonic() + 20
    while time.monotonic() < until and server.poll() is None:
        for line in log.read_text().splitlines():
            if "Listening at" in line:
                return int(line.partition("127.0.0.1:")[2].partition(" ")[0])
        time.sleep(0.05)
    pytest.fail(f"gunicorn did not start: {log.read_text()}")


def test_ready_says_when_the_database_is_gone(tmp_path):
    """Alive all the same, for a restart heals no database; probes speak plain http even behind https."""
    with gunicorn(tmp_path) as ask:
        assert ask("/healthz") == (200, "ok\n")
        assert ask("/readyz") == (503, '{"database": "down", "redis": "down"}')


@pytest.mark.parametrize(("proxies", "status"), [("", 301), ("192.0.2.0/24", 301), ("127.0.0.0/8", 302)])
def test_only_our_own_proxies_are_believed_about_https(tmp_path, proxies, status):
    with gunicorn(tmp_path, TRUSTED_PROXIES=proxies) as ask:
        assert ask("/admin/", **{"X-Forwarded-Proto": "https"})[0] == status


@pytest.mark.parametrize(
    ("started", "loaded"), [("import examgrader.wsgi", True), ("import django; django.setup()", False)]
)
def test_a_new_process_has_loaded_its_pages_before_the_first_request(started, loaded):
    asked = f"import sys; {started}; print('apps.submissions.urls' in sys.modules)"
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "examgrader.settings_test"}
    told = subprocess.check_output([sys.executable, "-c", asked], cwd=ROOT, env=environment, text=True)
    assert told.strip() == str(loaded)


def test_the_web_is_less_patient_than_commands():
    with mock.patch.dict(os.environ):
        os.environ.pop("DATABASE_PATIENCE", None)
        runpy.run_path(str(ROOT / "examgrader" / "gunicorn.conf.py"))
        assert "statement_timeout" in os.environ["DATABASE_PATIENCE"]

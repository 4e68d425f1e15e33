"""A real Prometheus scrapes a real gunicorn of two processes, and is asked what dashboard and alerts ask.

Without Debian's prometheus this is skipped; with CI set in the environment that is a failure.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.parse
import urllib.request
import uuid
from contextlib import closing, contextmanager
from datetime import timedelta
from http.client import HTTPConnection
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from apps.submissions import gate
from examgrader import localservices
from scripts import check_monitoring
from tests.project.test_health import wait_for_port
from tests.submissions.conftest import open_paper, pass_of

ROOT = localservices.BASE_DIR
PROMETHEUS = shutil.which("prometheus")
MISSING = "No Prometheus: it did not scrape us. Install it (Debian: apt-get install prometheus)."
# What has no figures here: no page fails, nothing is cached yet, nobody throttled anybody.
MAY_BE_EMPTY = ("5..", "examgrader_cache_reads_total", "examgrader_backup_timestamp_seconds", "_bucket")

pytestmark = [
    pytest.mark.django_db(transaction=True, databases=["default", "saves"]),
    pytest.mark.skipif(PROMETHEUS is None and not os.environ.get("CI"), reason=MISSING),
]


@contextmanager
def process(command, **options):
    with subprocess.Popen(command, **options) as started:
        try:
            yield started
        finally:
            started.terminate()
            started.wait(timeout=30)


@contextmanager
def gunicorn(tmp_path):
    """Production's server on the test's own database; yields its process and port."""
    name = connection.settings_dict["NAME"]
    url = urllib.parse.urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()
    secrets = {name: os.environ[name] for name in localservices.SECRETS}
    environment = {
        **secrets,
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "DATABASE_URL": url,
        "REDIS_URL": settings.CACHES["default"]["LOCATION"],
        "PUBLIC_URL": "http://localhost",
        "HOST": "127.0.0.1",
        "PORT": "0",
        "WEB_CONCURRENCY": "2",
        "STATIC_ROOT": str(tmp_path),
        "PROMETHEUS_MULTIPROC_DIR": str(tmp_path / "counters"),
    }
    log = tmp_path / "log"
    with log.open("w") as errors:
        command = [sys.executable, "-m", "gunicorn", "--config", "examgrader/gunicorn.conf.py"]
        with process(command, cwd=ROOT, env=environment, stderr=errors) as server:
            yield server, wait_for_port(server, log)


@contextmanager
def prometheus(tmp_path, target):
    """Prometheus with our own rules, asking every second; yields a function that asks its API."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    config = tmp_path / "prometheus.yml"
    ours = (check_monitoring.PROMETHEUS / "prometheus.yml").read_text()
    config.write_text(
        ours.replace("web:8000", target)
        .replace("15s", "1s")
        .replace("scrape_timeout: 5s", "scrape_timeout: 1s")
        .replace("alerts.yml", str(check_monitoring.PROMETHEUS / "alerts.yml"))
    )
    command = [
        PROMETHEUS or pytest.fail(MISSING),
        f"--config.file={config}",
        f"--storage.tsdb.path={tmp_path / 'series'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--log.level=error",
    ]

    def ask(path, **parameters):
        address = f"http://127.0.0.1:{port}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
        try:
            with urllib.request.urlopen(address, timeout=10) as response:
                answer = json.load(response)
        except urllib.error.HTTPError as refusal:
            return refusal.read().decode()
        except OSError as reason:
            return str(reason)
        assert answer["status"] == "success"
        return answer["data"]["result"] if path == "query" else answer["data"]

    with process(command, cwd=tmp_path, stderr=subprocess.DEVNULL):
        yield ask


def send(port, method, path, body=None, **headers):
    """One request on a connection of its own, so that either process may get it."""
    with closing(HTTPConnection("127.0.0.1", port, timeout=20)) as line:
        line.request(method, path, body, {"Host": "localhost", "Connection": "close", **headers})
        response = line.getresponse()
        response.read()
        return response.status


def save(port, paper, based_on):
    edit = {"op": str(uuid.uuid4()), "number": 1, "text": f"{based_on}", "based_on": based_on}
    body = json.dumps({"device": str(uuid.UUID(int=1)), "notices": 0, "edits": [edit], "waited": 1200})
    token = gate.issue_save_token(pass_of(paper))
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    return send(port, "POST", "/exam/save/", body, **headers)


def value(rows):
    return float(rows[0]["value"][1]) if isinstance(rows, list) and rows else None


def wait_until(check, what):
    until = time.monotonic() + 60
    while time.monotonic() < until:
        if check():
            return
        time.sleep(0.5)
    pytest.fail(what)


def children(server):
    listed = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text()
    return [int(pid) for pid in listed.split()]


def test_prometheus_scrapes_us_and_answers_what_dashboard_and_alerts_ask(tmp_path, real_now):
    paper = open_paper(real_now, deadline_at=real_now + timedelta(hours=1))
    kept = 'sum(examgrader_save_calls_total{outcome="kept"})'
    with gunicorn(tmp_path) as (server, port), prometheus(tmp_path, f"localhost:{port}") as ask:
        for number in range(20):
            assert save(port, paper, number) == 200
            assert send(port, "GET", "/api/v1/me/") == 401
        wait_until(lambda: value(ask("query", query=kept)) == 20, "20 saves were not scraped")
        assert len(list((tmp_path / "counters").glob("counter_*.db"))) == 2, "each process has its own file"

        # A process that dies takes none of its counts with it, and leaves no second value of a gauge.
        os.kill(children(server)[0], signal.SIGKILL)
        wait_until(lambda: len(children(server)) == 2, "no new process")
        wait_until(lambda: send(port, "GET", "/healthz") == 200, "the new process does not answer")
        assert save(port, paper, 20) == 200
        wait_until(lambda: value(ask("query", query=kept)) == 21, "counts were lost with their process")
        assert len(ask("query", query="examgrader_papers_open")) == 1

        empty = []
        for query in check_monitoring.queries():
            rows = ask("query", query=query)
            assert isinstance(rows, list), f"{query}: {rows}"
            if not rows and not any(reason in query for reason in MAY_BE_EMPTY):
                empty.append(query)
        assert empty == []
        for alert in check_monitoring.alerts():
            rows = ask("query", query=alert["expr"])
            assert isinstance(rows, list), f"{alert['alert']}: {rows}"

        rules = [rule for group in ask("rules")["groups"] for rule in group["rules"]]
        assert {rule["name"] for rule in rules} == {alert["alert"] for alert in check_monitoring.alerts()}
        wait_until(
            lambda: all(
                rule["health"] == "ok" for group in ask("rules")["groups"] for rule in group["rules"]
            ),
            "Prometheus cannot evaluate a rule",
        )
        assert value(ask("query", query="max(examgrader_papers_open)")) == 1
        assert value(ask("query", query="max(examgrader_contestants_active)")) == 1
        assert value(ask("query", query="max(examgrader_database_up)")) == 1

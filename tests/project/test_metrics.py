"""/metrics: who may read it, and that it says what docs/metrics.md says."""

import re
import socket
import time
from pathlib import Path

import pytest
from django.db import connections
from prometheus_client import REGISTRY

from apps.core.patience import FORGOTTEN_AFTER_SECONDS, Patience
from examgrader import health, machine, metrics

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "saves"])

DOCS = Path(__file__).resolve().parents[2] / "docs" / "metrics.md"
HERE = ["127.0.0.0/8"]


def scrape(client, settings, **headers):
    settings.METRICS_FROM = HERE
    return client.get("/metrics", headers=headers)


def exposed(page):
    return {
        name: kind
        for name, kind in re.findall(r"^# TYPE (\S+) (\S+)$", page, flags=re.MULTILINE)
        if name.startswith(("examgrader_", "django_")) and not name.endswith("_created")
    }


def test_metrics_are_those_that_the_docs_list(client, settings, tmp_path):
    settings.BACKUP_STAMP = str(tmp_path / "stamp")
    listed = dict(re.findall(r"^\| `([a-z_]+)` \| (\w+)", DOCS.read_text(), flags=re.MULTILINE))
    for only_while_a_paper_is_open in (
        "examgrader_next_deadline_timestamp_seconds",
        "examgrader_next_deadline_seconds",
    ):
        del listed[only_while_a_paper_is_open]
    assert exposed(scrape(client, settings).content.decode()) == listed


@pytest.mark.parametrize(
    ("networks", "token", "sent", "address", "status"),
    [
        (["127.0.0.0/8"], "", {}, "127.0.0.1", 200),
        (["127.0.0.0/8"], "", {}, "192.0.2.7", 404),
        (["192.0.2.0/24"], "", {}, "192.0.2.7", 200),
        (["::1"], "", {}, "::1", 200),
        ([], "s3cret", {"Authorization": "Bearer s3cret"}, "192.0.2.7", 200),
        ([], "s3cret", {"Authorization": "Bearer other"}, "192.0.2.7", 404),
        ([], "", {"Authorization": "Bearer "}, "192.0.2.7", 404),  # no token is not the empty token
        (["127.0.0.0/8"], "", {"X-Forwarded-For": "127.0.0.1"}, "192.0.2.7", 404),
        # A proxy on this machine that nobody named asks for the whole world.
        (["127.0.0.0/8"], "", {"X-Forwarded-For": "203.0.113.9"}, "127.0.0.1", 404),
        (["127.0.0.0/8"], "", {"X-Real-IP": "203.0.113.9"}, "127.0.0.1", 404),
        (["127.0.0.0/8"], "", {}, "", 404),
    ],
)
def test_metrics_are_not_public(client, settings, networks, token, sent, address, status):
    settings.METRICS_FROM, settings.METRICS_TOKEN = networks, token
    assert client.get("/metrics", headers=sent, REMOTE_ADDR=address).status_code == status


def test_behind_our_own_proxy_the_origin_decides(client, settings):
    settings.METRICS_FROM, settings.TRUSTED_PROXIES = ["10.0.0.0/8"], ["127.0.0.1"]
    assert scrape_as(client, "10.1.2.3") == 200
    assert scrape_as(client, "203.0.113.9") == 404
    assert scrape_as(client, "10.1.2.3, 203.0.113.9") == 404  # what the client claims is further left


def scrape_as(client, claimed):
    return client.get("/metrics", headers={"X-Forwarded-For": claimed}).status_code


def test_a_method_that_somebody_made_up_is_no_label(client, settings):
    client.generic("BREW", "/healthz")
    assert 'method="BREW"' not in scrape(client, settings).content.decode()
    assert 'method="<invalid method>"' in scrape(client, settings).content.decode()


@pytest.mark.parametrize("path", metrics.UNCOUNTED)
def test_the_save_path_passes_by_the_counters_of_pages(client, path):
    name = "django_http_requests_before_middlewares_total"
    before = REGISTRY.get_sample_value(name)
    client.post(path)
    assert REGISTRY.get_sample_value(name) == before
    client.get("/healthz")
    assert REGISTRY.get_sample_value(name) == before + 1


@pytest.fixture
def frozen_database(monkeypatch):
    """A server that takes connections and never says a word, as a stopped PostgreSQL does."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        host, port = silent.getsockname()
        changed = {**connections.settings["default"], "HOST": host, "PORT": port, "CONN_HEALTH_CHECKS": False}
        changed["OPTIONS"] = {**changed["OPTIONS"], "connect_timeout": 2}
        # The thread's own default connection; ours is open already.
        monkeypatch.setitem(connections.settings, "default", changed)
        monkeypatch.setattr(health, "PATIENCE", Patience(0.5))
        monkeypatch.setattr(metrics, "PATIENCE", Patience(0.5))
        yield
        wait_for(health.PATIENCE, metrics.PATIENCE)


def wait_for(*patiences):
    for patience in patiences:
        if patience.hanging is not None:
            patience.hanging.join(10)


def test_ready_answers_in_time_with_the_database_frozen(client, frozen_database):
    """RELIABILITY, test 33."""
    for _ in range(3):
        started = time.monotonic()
        response = client.get("/readyz")
        assert time.monotonic() - started < 1
        assert (response.status_code, response.json()["database"]) == (503, "down")


def test_metrics_answer_with_the_database_frozen(client, settings, frozen_database):
    page = scrape(client, settings).content.decode()
    assert "examgrader_database_up 0.0" in page
    assert "examgrader_save_calls_total" in page
    assert "examgrader_papers_open" not in page, "what is not known is not told as nothing"


def test_metrics_without_redis(client, settings):
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": "unix:///nowhere/valkey.sock"}}
    page = scrape(client, settings).content.decode()
    assert "examgrader_redis_up 0.0" in page
    assert "examgrader_heartbeats_known 0.0" in page


def test_a_question_that_hangs_is_forgotten_after_a_while():
    moment = [0.0]
    patience = Patience(0.05, clock=lambda: moment[0])
    assert patience.ask(lambda: time.sleep(1), instead="no answer") == "no answer"
    moment[0] = 1.0
    assert patience.ask(lambda: "answer", instead="no answer") == "no answer"
    moment[0] = FORGOTTEN_AFTER_SECONDS + 1
    assert patience.ask(lambda: "answer", instead="no answer") == "answer"


def test_a_question_that_raises_has_no_answer():
    assert Patience(1).ask(lambda: 1 / 0, instead=None) is None


def test_the_last_backup_is_the_time_of_its_stamp(settings, tmp_path, client):
    settings.BACKUP_STAMP = ""
    assert machine.backed_up_at() is None
    settings.BACKUP_STAMP = str(tmp_path / "stamp")
    assert "examgrader_backup_timestamp_seconds 0.0" in scrape(client, settings).content.decode()
    (tmp_path / "stamp").touch()
    assert abs(machine.backed_up_at().timestamp() - time.time()) < 5
    assert {disk.name for disk in machine.disks()} == {"application", "backups"}

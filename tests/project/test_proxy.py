"""deploy/proxy/nginx.conf in the real nginx, before the real gunicorn: what it adds and what it hides."""

import http.client
import json
import os
import re
import shutil
import signal
import ssl
import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from apps.core.problems import CONTENT_TYPE
from apps.exams.services.uploading import MAX_UPLOAD_BYTES
from apps.submissions.gate.tokens import issue_save_token
from apps.submissions.models import AnswerRevision
from apps.submissions.services.saving import DatabaseBusy, SavePass
from tests.support.rooms import open_room
from tests.support.savers import Saver, differences
from tests.support.serving import ROOT, Gunicorn, database_url, free_port

CONFIGURATION = ROOT / "deploy" / "proxy" / "nginx.conf"
NGINX = shutil.which("nginx") or "/usr/sbin/nginx"

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        not (Path(NGINX).exists() or os.environ.get("CI")),
        reason="nginx is not installed (apt-get install nginx-light)",
    ),
]

# A web that tells what it was asked, to see what the proxy makes of a request.
ECHO = """
import json
def application(environ, start_response):
    environ["wsgi.input"].read()  # who closes with something unread cuts the line instead of answering
    told = {name: value for name, value in environ.items() if name.startswith(("HTTP_", "REMOTE_"))}
    start_response("200 OK", [("Content-Type", "application/json"), ("Cache-Control", "max-age=60")])
    return [json.dumps(told | {"scheme": environ["wsgi.url_scheme"]}).encode()]
"""


class Proxy:
    """nginx with the deployment's own configuration; only ports and places are this test's."""

    def __init__(self, folder, web_port):
        self.plain, self.port = free_port(), free_port()
        certificates = folder / "certs"
        certificates.mkdir()
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
             "-subj", "/CN=localhost", "-days", "2", "-keyout", certificates / "privkey.pem",
             "-out", certificates / "fullchain.pem"],
            check=True, capture_output=True,
        )  # fmt: skip
        text = CONFIGURATION.read_text()
        ours = {
            "/etc/nginx/certs": certificates,
            "/etc/nginx/pages": ROOT / "deploy" / "proxy" / "pages",
            "server web:8000": f"server 127.0.0.1:{web_port}",
            "listen 8080": f"listen 127.0.0.1:{self.plain}",
            "listen 8443": f"listen 127.0.0.1:{self.port}",
            "/tmp/": f"{folder}/",
            "/dev/stdout": folder / "access.log",
            "include mime.types": "include /etc/nginx/mime.types",
            # As root it would change to a user who may not read here.
            "worker_processes auto;": "worker_processes 1;" + (" user root;" if os.geteuid() == 0 else ""),
        }
        assert [place for place in ours if place not in text] == []
        text = re.sub("|".join(map(re.escape, ours)), lambda found: str(ours[found[0]]), text)
        self.log = folder / "access.log"
        self.file = folder / "nginx.conf"
        self.file.write_text(text)

    def start(self):
        checked = subprocess.run([NGINX, "-t", "-c", self.file], check=False, capture_output=True, text=True)
        assert checked.returncode == 0, checked.stderr
        with self.log.with_name("nginx.log").open("w") as log:
            self.process = subprocess.Popen([NGINX, "-c", self.file, "-g", "daemon off;"], stderr=log)
        until = time.monotonic() + 20
        while time.monotonic() < until:
            try:
                assert self.ask("GET", "/healthz", plain=True)[0] == 200
            except OSError:
                time.sleep(0.05)
            else:
                return
        self.stop()
        pytest.fail(self.log.with_name("nginx.log").read_text())

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=20)

    def logged(self):
        """The newest line of its log, which it writes after it has answered."""
        until = time.monotonic() + 20
        while not (lines := self.log.read_text().splitlines()) and time.monotonic() < until:
            time.sleep(0.02)
        return json.loads(lines[-1])

    def ask(self, method, path, body=None, *, plain=False, **headers):
        """Status, headers and body of one request on a connection of its own."""
        line = (
            http.client.HTTPConnection("127.0.0.1", self.plain, timeout=30)
            if plain
            else http.client.HTTPSConnection(
                "127.0.0.1",
                self.port,
                timeout=30,
                context=ssl._create_unverified_context(),  # noqa: S323 - made for this test
            )
        )
        try:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            line.request(method, path, body, {"Host": "localhost", **named})
            response = line.getresponse()
            return response.status, response.headers, response.read()
        finally:
            line.close()


@pytest.fixture
def web(tmp_path):
    """The product, not started yet."""
    server = Gunicorn(
        database_url(connection.settings_dict["NAME"]), tmp_path, TRUSTED_PROXIES="127.0.0.1",
        PUBLIC_URL="https://localhost", WEB_CONCURRENCY="1",
    )  # fmt: skip
    yield server
    if hasattr(server, "process"):
        server.stop()


@pytest.fixture
def proxy(tmp_path, web):
    running = Proxy(tmp_path, web.port)
    running.start()
    yield running
    running.stop()


@pytest.fixture
def echo(tmp_path, web):
    """A small web in the product's place."""
    (tmp_path / "echo.py").write_text(ECHO)
    command = [str(Path(sys.executable).with_name("gunicorn")), "echo:application", "--chdir", str(tmp_path)]
    command += [
        "--bind",
        f"127.0.0.1:{web.port}",
        "--no-control-socket",
        "--forwarded-allow-ips",
        "127.0.0.1",
    ]
    with (tmp_path / "gunicorn.log").open("w") as log:
        web.process = subprocess.Popen(command, stderr=log)
    web.wait_until_ready()


def test_saving_works_through_the_proxy_and_through_a_reload(web, proxy, real_now):
    web.start()
    tokens = open_room(real_now, 3)
    savers = [Saver(port=proxy.port, token=token, numbers=(1, 2), tls=True, seed=5) for token in tokens]
    for saver in savers:
        saver.start()
    until = time.monotonic() + 60
    for _ in range(2):
        aim = sum(len(saver.acked) for saver in savers) + 30
        while sum(len(saver.acked) for saver in savers) < aim:
            assert time.monotonic() < until, [saver.failures[-1:] for saver in savers]
            time.sleep(0.05)
        web.process.send_signal(signal.SIGHUP)
    for saver in savers:
        saver.stop()
    rows = list(AnswerRevision.objects.values_list("op", "number", "text", "state"))
    assert differences(savers, rows) == {}
    assert all(edit.acked_at for saver in savers for edit in saver.journal)


def test_what_a_client_says_of_itself_is_replaced(proxy, echo):
    status, _, body = proxy.ask(
        "GET", "/", X_Forwarded_For="203.0.113.7", X_Forwarded_Proto="http", X_Forwarded_Host="evil.example",
        X_Real_IP="203.0.113.7", Forwarded="for=203.0.113.7", X_Request_ID="chosen-by-the-client",
    )  # fmt: skip
    told = json.loads(body)
    assert status == 200
    assert told["HTTP_X_FORWARDED_FOR"] == "127.0.0.1"
    assert told["HTTP_X_FORWARDED_PROTO"] == told["scheme"] == "https"
    assert re.fullmatch("[0-9a-f]{32}", told["HTTP_X_REQUEST_ID"])
    assert "203.0.113.7" not in body.decode()
    assert "evil.example" not in body.decode()
    assert proxy.logged()["request_id"] == told["HTTP_X_REQUEST_ID"]


def test_pages_get_a_calm_page_while_the_web_is_away(proxy):
    for method in ("GET", "POST"):
        status, headers, body = proxy.ask(method, "/enter/", b"key=x" if method == "POST" else None)
        assert status == 503
        assert headers["Retry-After"] == "5"
        assert headers["Cache-Control"] == "no-store"
        assert b"What was saved is safe" in body


@pytest.mark.parametrize("path", ["/exam/save/", "/api/v1/me/save/", "/api/v1/me/"])
def test_programs_get_problem_details_while_the_web_is_away(proxy, path):
    status, headers, body = proxy.ask("POST", path, b"{}")
    assert status == 503
    assert headers["Content-Type"] == CONTENT_TYPE
    assert headers["Retry-After"] == "2"
    assert json.loads(body)["code"] == "busy"


def test_what_the_web_itself_refuses_goes_through_as_it_is(web, proxy):
    web.environment["DATABASE_URL"] = "postgresql://postgres@/examgrader?host=/nowhere"
    web.start()
    status, _, body = proxy.ask("POST", "/exam/save/", b"{}", Authorization="Bearer wrong")
    assert (status, json.loads(body)["code"]) == (401, "signed_out")
    token = issue_save_token(SavePass(1, 1, 1, 1))
    heartbeat = json.dumps({"device": str(uuid.uuid4()), "edits": []})
    status, headers, body = proxy.ask("POST", "/exam/save/", heartbeat, Authorization=f"Bearer {token}")
    assert (status, headers["Retry-After"]) == (503, "2")
    assert json.loads(body)["title"] == DatabaseBusy.message
    assert proxy.ask("GET", "/readyz")[0] == 404
    assert proxy.ask("GET", "/metrics")[0] == 404


def test_bodies_are_as_large_as_the_product_takes_and_no_larger(proxy, echo):
    largest = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    assert proxy.ask("POST", "/exam/save/", b" " * largest)[0] == 200
    status, headers, body = proxy.ask("POST", "/exam/save/", b" " * (largest + 1))
    assert (status, headers["Content-Type"]) == (400, CONTENT_TYPE)
    assert json.loads(body)["code"] == "invalid_batch"
    assert proxy.ask("POST", "/enter/", b" " * (largest + 1))[0] == 413
    assert proxy.ask("POST", "/console/", b" " * (MAX_UPLOAD_BYTES + 1))[0] == 200


def test_only_static_files_are_cached(web, proxy, echo):
    """Even where the web would allow it: a page of one contestant is never another's."""
    assert proxy.ask("GET", "/static/some.css")[0] == 200
    pages = [proxy.ask("GET", "/exam/", Cookie=f"contestant={uuid.uuid4()}")[2] for _ in range(2)]
    assert pages[0] != pages[1]
    web.stop()
    assert proxy.ask("GET", "/static/some.css")[0] == 200
    assert proxy.ask("GET", "/exam/")[0] == 503


def test_pages_get_their_styles_and_scripts_through_the_proxy(web, proxy, collected):
    """Over https the product needs the proxy's word on host and scheme for a file as for a page."""
    web.environment["STATIC_ROOT"] = str(collected)
    web.start()
    files = set(re.findall(r'(?:href|src)="(/static/[^"]+)"', proxy.ask("GET", "/")[2].decode()))
    assert {Path(file).suffix for file in files} >= {".css", ".js"}
    assert {file: proxy.ask("GET", file)[0] for file in files} == dict.fromkeys(files, 200)


def test_static_files_are_asked_for_as_nobody_and_by_our_name(proxy, echo):
    _, _, body = proxy.ask("GET", "/static/some.css", Cookie="contestant=1")
    told = json.loads(body)
    assert "HTTP_COOKIE" not in told
    assert (told["HTTP_HOST"], told["HTTP_X_FORWARDED_PROTO"]) == ("localhost", "https")
    _, _, body = proxy.ask("GET", "/exam/", Cookie="contestant=1")
    assert json.loads(body)["HTTP_COOKIE"] == "contestant=1"


def test_plain_http_leads_to_https(proxy):
    status, headers, _ = proxy.ask("GET", "/exam/?a=1", plain=True)
    assert (status, headers["Location"]) == (308, "https://localhost/exam/?a=1")


def test_the_numbers_of_proxy_and_gunicorn_fit():
    text = CONFIGURATION.read_text()
    gunicorn = (ROOT / "examgrader" / "gunicorn.conf.py").read_text()

    def seconds(pattern, where):
        return int(re.search(pattern, where)[1])

    upstream = text[text.index("upstream web") :]
    assert seconds(r"keepalive_timeout (\d+)s", upstream) < seconds(r"\nkeepalive = (\d+)", gunicorn)
    assert seconds(r"proxy_read_timeout (\d+)s", text) >= seconds(r"\ntimeout = (\d+)", gunicorn)

"""The product with a Redis that is stopped, frozen, emptied, full or read-only: contestants notice nothing.

A server of our own (gunicorn, one process) beside a Valkey of its own; contestants enter by key, open the
paper, save and hand in while that is broken (RELIABILITY 11 to 13, shortened).
"""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import textwrap
import time
import uuid
from datetime import timedelta
from http.client import HTTPConnection
from http.cookies import SimpleCookie
from urllib.parse import urlencode

import pytest
from django.conf import settings
from django.db import connection

from apps.access.services.issuing import issue_anonymous_keys
from apps.submissions.models import Answer, Receipt
from examgrader.localservices import BASE_DIR, valkey
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)

THREADS = 4
ONE_TIME_OUT = 0.2  # settings: SOCKET_TIMEOUT
STARTING_SECONDS = 60
# What a page costs without any fault, on a busy machine.
PLAIN_SECONDS = 3.0
# The breaker with its exception handling off, for the control.
UNPROTECTED = """
from apps.core.breaker import Breaker
Breaker.call = lambda self, ask, *, instead: ask()
"""


class OwnValkey:
    """A server on a socket of its own."""

    def __init__(self, folder):
        self.path = folder / "v.sock"
        self.process = None
        self.start()

    def start(self):
        command = [str(valkey.program()), "--port", "0", "--unixsocket", str(self.path)]
        quiet = ["--save", "", "--appendonly", "no", "--loglevel", "warning"]
        self.process = subprocess.Popen([*command, *quiet], cwd=self.path.parent, stdout=subprocess.DEVNULL)
        wait_until(lambda: valkey.answers(self.path))

    def ask(self, command):
        assert valkey.ask(self.path, command).startswith(b"+OK"), command

    def stop(self):
        self.process.send_signal(signal.SIGCONT)
        self.process.kill()
        self.process.wait()


def wait_until(is_true):
    until = time.monotonic() + STARTING_SECONDS
    while not is_true():
        assert time.monotonic() < until, "it never came up"
        time.sleep(0.05)


@pytest.fixture
def redis(tmp_path_factory):
    # A socket's path must be short.
    server = OwnValkey(tmp_path_factory.mktemp("v"))
    yield server
    server.stop()


@pytest.fixture
def serve(redis, tmp_path):
    """`serve(patch)` starts the product on the test's database; `patch` is run before it is loaded."""
    started = []

    def serve(patch=""):
        with socket.socket() as trial:
            trial.bind(("127.0.0.1", 0))
            port = trial.getsockname()[1]
        database = connection.settings_dict
        (tmp_path / "served.py").write_text(
            textwrap.dedent(
                f"""
                from django.conf import settings
                from examgrader import settings_test
                settings_test.DATABASES["default"]["NAME"] = {database["NAME"]!r}
                settings_test.DATABASES["saves"]["NAME"] = {database["NAME"]!r}
                settings_test.CACHES["default"]["LOCATION"] = "unix://{redis.path}?db=0"
                from django.core.wsgi import get_wsgi_application
                application = get_wsgi_application()
                """
            )
            + patch
        )
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "gunicorn", "served:application", "--chdir", str(tmp_path)),
                *("--pythonpath", str(BASE_DIR), "--bind", f"127.0.0.1:{port}"),
                *("--worker-class", "examgrader.worker.PatientThreadWorker", "--threads", str(THREADS)),
                *("--no-control-socket", "--log-level", "error"),
            ],
            env={**os.environ, "DJANGO_SETTINGS_MODULE": "examgrader.settings_test"},
            stdout=subprocess.DEVNULL,
            stderr=(said := (tmp_path / "said").open("w")),
        )
        said.close()  # the server has its own end
        started.append(process)
        wait_until(lambda: process.poll() is not None or is_alive(port))
        assert process.poll() is None, (tmp_path / "said").read_text()
        return port

    yield serve
    for process in started:
        process.kill()
        process.wait()


def is_alive(port):
    line = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        line.request("GET", "/healthz")
        return line.getresponse().read() == b"ok\n"
    except OSError:
        return False
    finally:
        line.close()


class Contestant:
    """A browser, as far as these pages need one; it remembers every status and how long it took."""

    def __init__(self, port, key):
        self.port, self.key = port, key
        self.cookies = {}
        self.answered = []

    def ask(self, method, path, body=None, headers=None):
        line = HTTPConnection("127.0.0.1", self.port, timeout=20)
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        began = time.monotonic()
        line.request(method, path, body, {"Cookie": cookie, **(headers or {})})
        response = line.getresponse()
        page = response.read().decode()
        self.answered.append((path, response.status, time.monotonic() - began))
        for header in response.headers.get_all("Set-Cookie", []):
            self.cookies |= {name: morsel.value for name, morsel in SimpleCookie(header).items()}
        line.close()
        return response, page

    def post(self, path, **fields):
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', self.page)[1]
        body = urlencode({"csrfmiddlewaretoken": token, **fields})
        return self.ask("POST", path, body, {"Content-Type": "application/x-www-form-urlencoded"})[0]

    def get(self, path):
        response, self.page = self.ask("GET", path)
        return response

    def mistype(self):
        """A wrong key is counted, in Redis as a rule."""
        self.get("/")
        return self.post("/enter/", key="AAAA-AAAA-AAAA-AAAA")

    def enter(self):
        self.get("/")
        self.post("/enter/", key=self.key)
        self.get("/exam/")

    def start(self):
        self.post("/exam/start/")

    def write(self, text):
        self.get("/exam/paper/")
        token = re.search(r'data-save-token="([^"]+)"', self.page)[1]
        revision = int(re.search(r'data-revision="(\d+)"', self.page)[1])
        edit = {"op": str(uuid.uuid4()), "number": 1, "text": text, "based_on": revision}
        batch = {"device": str(uuid.uuid4()), "notices": 0, "edits": [edit]}
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        _, answer = self.ask("POST", "/exam/save/", json.dumps(batch), headers)
        return json.loads(answer)["edits"][0]["state"]

    def hand_in(self):
        self.get("/exam/submit/")
        self.post("/exam/submit/")
        return self.get("/exam/receipt/").status

    def sit(self, text):
        """All of it, by somebody who mistypes the key at first."""
        self.mistype()
        self.enter()
        self.start()
        return self.write(text), self.hand_in()

    def failures(self):
        return [(path, status) for path, status, _ in self.answered if status >= 500]

    def longest(self):
        return max(seconds for _, _, seconds in self.answered)


@pytest.fixture
def keys(real_now, now):
    """Keys for an exam that is open."""
    block = factories.TimeBlockFactory(opens_at=real_now - timedelta(hours=1))
    factories.ProblemFactory(exam=block.exam, number=1)
    issued = issue_anonymous_keys(exam_id=block.exam.pk, count=12, actor=None, now=now)
    return iter([one.key for one in issued])


FAULTS = {
    "frozen": (lambda redis: redis.process.send_signal(signal.SIGSTOP), None),
    "thawed": (lambda redis: redis.process.send_signal(signal.SIGCONT), None),
    "emptied": (lambda redis: redis.ask(b"FLUSHALL"), None),
    "read-only": (lambda redis: redis.ask(b"REPLICAOF 127.0.0.1 1"), b"REPLICAOF NO ONE"),
    "full": (lambda redis: redis.ask(b"CONFIG SET maxmemory 1"), b"CONFIG SET maxmemory 0"),
    "stopped": (lambda redis: redis.stop(), None),
}


def test_contestants_enter_write_and_hand_in_whatever_redis_does(serve, redis, keys):
    port = serve()
    signed_in = Contestant(port, next(keys))
    signed_in.enter()
    signed_in.start()
    for fault, (break_it, mend) in FAULTS.items():
        break_it(redis)
        newcomer = Contestant(port, next(keys))
        assert newcomer.sit(f"newcomer, {fault}") == ("current", 200), fault
        assert signed_in.write(f"signed in, {fault}") == "current", f"logged out while Redis was {fault}"
        assert newcomer.failures() + signed_in.failures() == [], fault
        # Whoever asks waits for Redis once at most, however often it is asked for one page.
        assert newcomer.longest() < PLAIN_SECONDS + ONE_TIME_OUT, fault
        if mend:
            redis.ask(mend)
    assert signed_in.hand_in() == 200
    assert Receipt.objects.count() == len(FAULTS) + 1
    assert set(Answer.objects.exclude(text="").values_list("text", flat=True)) == {
        *(f"newcomer, {fault}" for fault in FAULTS),
        "signed in, stopped",
    }


def test_a_frozen_redis_costs_one_time_out_per_rest(serve, redis, keys):
    """Counted where it is waited: of ten wrong keys in a row at most one waits, and one after the rest."""
    port = serve(
        textwrap.dedent(
            """
            from django_redis.client import DefaultClient
            waited = []
            for name in ("get", "set", "incr"):
                def asked(self, *args, ask=getattr(DefaultClient, name), **kwargs):
                    try:
                        return ask(self, *args, **kwargs)
                    except Exception:
                        waited.append(1)
                        raise
                setattr(DefaultClient, name, asked)
            served = application
            def application(environ, start_response):
                if environ["PATH_INFO"] != "/waited":
                    return served(environ, start_response)
                start_response("200 OK", [])
                return [str(len(waited)).encode()]
            """
        )
    )
    guesser = Contestant(port, next(keys))
    redis.process.send_signal(signal.SIGSTOP)
    began = time.monotonic()
    statuses = {guesser.mistype().status for _ in range(10)}
    rests = (time.monotonic() - began) // 5
    assert statuses == {422}
    assert 1 <= int(guesser.ask("GET", "/waited")[1]) <= 1 + rests


def test_control_without_the_breaker_they_do_not(serve, redis, keys):
    contestant = Contestant(serve(UNPROTECTED), next(keys))
    for fault in ("frozen", "thawed", "read-only", "full", "stopped"):
        break_it, mend = FAULTS[fault]
        break_it(redis)
        assert contestant.mistype().status == (422 if fault == "thawed" else 500), fault
        if mend:
            redis.ask(mend)


def test_the_tests_time_out_is_the_settings():
    options = settings.CACHES["default"]["OPTIONS"]
    assert options["SOCKET_TIMEOUT"] == options["SOCKET_CONNECT_TIMEOUT"] == ONE_TIME_OUT

"""When a process cannot keep up: reports go first, then the console, reads, entry; saves never."""

import http.client
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from apps.core import waiting
from examgrader import shedding

ROOT = Path(__file__).parents[2]
ASKED = {
    "reports": ("GET", "/console/grading/publication/exam/3/results/"),
    "console": ("GET", "/console/grading/gradingtask/desk/3/"),
    "reads": ("GET", "/exam/paper/"),
    "entry": ("POST", "/enter/"),
    "saves": ("POST", "/exam/save/"),
    "saves of the API": ("POST", "/api/v1/me/save/"),
    "saves by a button": ("POST", "/exam/paper/"),
    "hand-ins": ("POST", "/exam/submit/"),
    "probes": ("GET", "/healthz"),
}
NEVER = {"saves", "saves of the API", "saves by a button", "hand-ins", "probes"}


@pytest.fixture
def after():
    """Say how long the requests of this thread have waited."""
    yield waiting.note
    waiting.note(0)


def answer_to(kind, *, rf, **headers):
    method, path = ASKED[kind]
    middleware = shedding.SheddingMiddleware(lambda _: HttpResponse("served"))
    return middleware(rf.generic(method, path, headers=headers))


@pytest.mark.parametrize(
    ("seconds", "refused"),
    [
        (0, set()),
        (1.5, {"reports"}),
        (3, {"reports", "console"}),
        (7, {"reports", "console", "reads"}),
        (60, {"reports", "console", "reads", "entry"}),
    ],
)
def test_what_is_refused_grows_with_the_wait_and_never_holds_a_save(rf, after, seconds, refused):
    after(seconds)
    statuses = {kind: answer_to(kind, rf=rf).status_code for kind in ASKED}
    assert {kind for kind, status in statuses.items() if status == 503} == refused
    assert not refused & NEVER


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "entry"),
        ("/exam/start/", "entry"),
        ("/api/v1/token/key/", "entry"),
        ("/exam/", "reads"),
        ("/receipts/ABCD/", "reads"),
        ("/api/v1/me/paper/", "reads"),
        ("/api/v1/token/", "console"),
        ("/api/v1/grading/tasks/next/", "console"),
        ("/api/v1/exams/3/results/", "reports"),
        ("/console/", "console"),
        ("/console/exams/exam/3/export/", "reports"),
        ("/exam/saved-by-somebody/", "reads"),
    ],
)
def test_kind_of_goes_by_the_path(path, kind):
    assert shedding.kind_of(RequestFactory().get(path)).name == kind


def test_people_get_a_calm_page_and_the_time_to_come_again(rf, after):
    after(60)
    response = answer_to("reads", rf=rf)
    assert "The server is busy" in response.content.decode()
    assert int(response.headers["Retry-After"]) > 0
    assert int(response.headers["Refresh"]) > 0


def test_a_form_that_was_posted_is_not_loaded_anew_by_itself(rf, after):
    after(60)
    assert "Refresh" not in answer_to("entry", rf=rf).headers


def test_programs_get_problem_details(rf, after):
    after(60)
    response = answer_to("reads", rf=rf, accept="application/json")
    assert response.headers["Content-Type"] == "application/problem+json"
    assert b'"code": "busy"' in response.content
    assert int(response.headers["Retry-After"]) > 0


def test_reports_never_hold_all_threads(rf, settings):
    """With all their places taken the next report is refused, whatever it waited; other pages are served."""
    settings.REPORTS_AT_ONCE = 1
    inside, leave = threading.Event(), threading.Event()

    def slow(request):
        if "results" in request.path and not inside.is_set():
            inside.set()
            assert leave.wait(20)
        return HttpResponse("served")

    middleware = shedding.SheddingMiddleware(slow)
    report, page = ASKED["reports"][1], ASKED["console"][1]
    first = threading.Thread(target=middleware, args=[rf.get(report)])
    first.start()
    assert inside.wait(20)
    during = [middleware(rf.get(path)).status_code for path in (report, page)]
    leave.set()
    first.join(20)
    assert during == [503, 200]
    assert middleware(rf.get(report)).status_code == 200


# -- In gunicorn, with a full queue -------------------------------------------------------------------------

STUCK_SECONDS = 1.0
THREADS = 4
CROWD = 40  # ten times what the threads can take at once
ALL_SERVED = CROWD / THREADS * STUCK_SECONDS

APPLICATION = """
import time
from django.http import HttpResponse
from django.urls import include, path

def stuck(request):
    time.sleep({stuck})
    return HttpResponse("a list")

urlpatterns = [
    path("console/list/", stuck),
    path("exam/submit/", lambda request: HttpResponse("handed in")),
    path("", include("examgrader.urls")),
]
"""
SETTINGS = """
from examgrader.settings_test import *
ROOT_URLCONF = "busy_urls"
MIDDLEWARE = {middleware}
SHED_AFTER_SECONDS = {{"reports": 0.2, "console": 0.3, "reads": 0.4, "entry": 0.5}}
"""
SHEDDING = "examgrader.shedding.SheddingMiddleware"
SHORT_LANE = "examgrader.short_lane.ShortLaneMiddleware"
OUR_WORKER = "examgrader.worker.PatientThreadWorker"
FIRST_COME = """
from examgrader.worker import PatientThreadWorker

class FirstComeFirstServed(PatientThreadWorker):
    def __init__(self, *arguments, **named):
        super().__init__(*arguments, **named)
        self.order.urgent = self.order.others
"""


@pytest.fixture
def serve(tmp_path):
    """gunicorn with our configuration, one process of four threads; `serve(middleware)` gives the port."""
    processes = []

    def start(middleware, worker=OUR_WORKER):
        (tmp_path / "busy_urls.py").write_text(APPLICATION.format(stuck=STUCK_SECONDS))
        (tmp_path / "busy_settings.py").write_text(SETTINGS.format(middleware=middleware))
        (tmp_path / "first_come.py").write_text(FIRST_COME)
        with socket.socket() as trial:
            trial.bind(("127.0.0.1", 0))
            port = trial.getsockname()[1]
        own = {"PORT": str(port), "WEB_CONCURRENCY": "1", "DJANGO_SETTINGS_MODULE": "busy_settings"}
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "gunicorn", "--config", "examgrader/gunicorn.conf.py"),
                *("--threads", str(THREADS), "--log-level", "error", "--worker-class", worker),
            ],
            env={**os.environ, **own, "PYTHONPATH": f"{tmp_path}:{ROOT}"},
            cwd=ROOT,
        )
        processes.append(process)
        for _ in range(600):
            try:
                ask(port, "GET", "/healthz", patience=5)
            except OSError:
                time.sleep(0.1)
            else:
                return port
        pytest.fail("gunicorn did not start")

    yield start
    for process in processes:
        process.terminate()
        process.wait(30)


def ask(port, method, path, *, patience=60):
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=patience)
    try:
        line.request(method, path, body=b"" if method == "POST" else None)
        response = line.getresponse()
        return response.status, response.read(), response.headers
    finally:
        line.close()


def behind_a_crowd(port, *questions):
    """Fill the queue with slow pages, then ask: how the crowd fared, what came, how late."""
    crowd = []
    threads = [
        threading.Thread(target=lambda: crowd.append(ask(port, "GET", "/console/list/")))
        for _ in range(CROWD)
    ]
    for thread in threads:
        thread.start()
    time.sleep(STUCK_SECONDS / 2)  # all of them stand in the queue
    began = time.monotonic()
    statuses = [ask(port, *question)[0] for question in questions]
    took = time.monotonic() - began
    for thread in threads:
        thread.join(60)
    return crowd, statuses, took


SAVING = (("POST", "/exam/save/"), ("POST", "/exam/submit/"))
PAGE = ("GET", "/nobody-knows-this-page/")


@pytest.mark.long
def test_a_save_and_a_hand_in_wait_for_the_next_free_thread_only(serve):
    crowd, statuses, took = behind_a_crowd(serve([SHORT_LANE]), *SAVING)
    assert {status for status, *_ in crowd} == {200}, "nobody is refused here"
    # The save reached its view, which asks for a token; the hand-in was taken.
    assert statuses == [401, 200]
    assert took < ALL_SERVED / 2


@pytest.mark.long
def test_control_first_come_first_served_they_wait_for_all(serve):
    crowd, _, took = behind_a_crowd(serve([SHORT_LANE], "first_come.FirstComeFirstServed"), *SAVING)
    assert {status for status, *_ in crowd} == {200}
    assert took >= ALL_SERVED / 2


@pytest.mark.long
def test_a_page_behind_a_full_queue_comes_because_the_queue_is_refused(serve):
    crowd, _, took = behind_a_crowd(serve([SHEDDING, SHORT_LANE]), PAGE)
    refused = [headers for status, _, headers in crowd if status == 503]
    assert len(refused) >= CROWD - 3 * THREADS
    assert all(int(headers["Retry-After"]) > 0 for headers in refused)
    assert took < ALL_SERVED / 2


@pytest.mark.long
def test_control_without_shedding_the_page_waits_for_all_of_them(serve):
    crowd, statuses, took = behind_a_crowd(serve([SHORT_LANE]), PAGE)
    assert {status for status, *_ in crowd} == {200}
    assert statuses == [404]
    assert took >= ALL_SERVED / 2

"""Lines that are slow or dead: the others are served all the same."""

import socket
import time
from contextlib import contextmanager

import pytest

from tests.support.small_server import THREADS, children_of, is_served, serve, sockets_of

pytestmark = pytest.mark.long

WORKERS = """
import time
from functools import partial

from gunicorn.workers.gthread import ThreadWorker

from examgrader import slow_lines
from examgrader.worker import PatientThreadWorker


class Unbound(PatientThreadWorker):
    def init_process(self):
        slow_lines.bound = lambda connection: None
        super().init_process()


class Late(PatientThreadWorker):
    def init_process(self):
        time.sleep(1)
        super().init_process()


class Hasty(PatientThreadWorker):
    def init_process(self):
        slow_lines.bound = partial(slow_lines.bound, seconds=1)
        super().init_process()


class Listening(PatientThreadWorker):
    finish_request = ThreadWorker.finish_request
"""
# A paper is as long; who posts is asked for all of it first.
APPLICATION = """
def application(environ, start_response):
    environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    body = b"x" * 100_000 if environ["PATH_INFO"] == "/paper/" else b"ok"
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]
"""
SLOW = 3 * THREADS
ROUTED = 1460  # bytes in a segment, as on the way through a network; within one machine it is 64 kB


@contextmanager
def slow_lines(folder, worker, said, *more):
    """A server, and so many who said this and neither read nor say any more."""
    (folder / "workers.py").write_text(WORKERS)
    process, port = serve(folder, worker, *more, application=APPLICATION)
    lines = [socket.socket() for _ in range(SLOW)]
    try:
        for line in lines:
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, ROUTED)
            line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            line.connect(("127.0.0.1", port))
            line.sendall(said)
        time.sleep(0.5)  # all of them have been heard
        yield process, port
    finally:
        for line in lines:
            line.close()
        process.kill()
        process.communicate()


PAPER = b"GET /paper/ HTTP/1.1\r\nHost: x\r\n\r\n"
LAST = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
HALVES = {
    "head": b"POST / HTTP/1.1\r\nHost: x\r\nContent-",
    "body": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n12345",
}


@pytest.mark.parametrize("worker", ["examgrader.worker.PatientThreadWorker", "workers.Late"])
def test_who_does_not_fetch_a_page_holds_no_thread(tmp_path, worker):
    """Nor does who came before there was a process to come to."""
    with slow_lines(tmp_path, worker, PAPER) as (_, port):
        assert is_served(port, within=3)


def test_control_without_room_for_the_page_nobody_else_is_served(tmp_path):
    with slow_lines(tmp_path, "workers.Unbound", PAPER) as (_, port):
        assert not is_served(port, within=3)


@pytest.mark.parametrize("half", HALVES)
def test_who_stops_in_the_middle_is_not_waited_for_long(tmp_path, half):
    """Three for each thread, a second each."""
    with slow_lines(tmp_path, "workers.Hasty", HALVES[half]) as (_, port):
        assert is_served(port, within=10)


@pytest.mark.parametrize("half", HALVES)
def test_control_without_a_limit_they_are_waited_for(tmp_path, half):
    with slow_lines(tmp_path, "workers.Unbound", HALVES[half]) as (_, port):
        assert not is_served(port, within=10)


def test_that_it_was_too_slow_is_told_without_a_traceback(tmp_path):
    options = ("--logger-class", "examgrader.server_log.ServerLog", "--log-level", "info")
    with slow_lines(tmp_path, "workers.Hasty", HALVES["head"], *options) as (process, port):
        assert is_served(port, within=10)
        process.terminate()
        said = process.communicate(timeout=30)[1]
    assert said.count("neither read nor wrote") == SLOW
    assert "Traceback" not in said


def test_who_does_not_close_after_the_last_answer_keeps_nobody_waiting(tmp_path):
    with slow_lines(tmp_path, "examgrader.worker.PatientThreadWorker", LAST) as (_, port):
        assert is_served(port, within=2)


def test_control_gunicorn_waits_two_seconds_for_each_of_them(tmp_path):
    with slow_lines(tmp_path, "workers.Listening", LAST) as (_, port):
        assert not is_served(port, within=2)


def test_a_connection_that_ends_is_closed_once_its_time_is_up(tmp_path):
    with slow_lines(tmp_path, "examgrader.worker.PatientThreadWorker", LAST) as (process, port):
        (child,) = children_of(process)
        until = time.monotonic() + 10
        while sockets_of(child) > 1 and time.monotonic() < until:
            time.sleep(0.1)
        assert sockets_of(child) == 1, "only the one that listens"
        assert is_served(port, within=2)

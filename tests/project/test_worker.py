"""gunicorn with our worker: connections that say nothing cost nothing."""

import http.client
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

APPLICATION = """
def application(environ, start_response):
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]
"""
THREADS = 2
SPARE_CONNECTIONS = 3 * THREADS
GRACE_SECONDS = 15


def serve(folder, worker):
    """A small application under gunicorn; returns the process and its port."""
    (folder / "small.py").write_text(APPLICATION)
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        port = trial.getsockname()[1]
    command = [
        *(sys.executable, "-m", "gunicorn", "small:application", "--chdir", str(folder)),
        *("--bind", f"127.0.0.1:{port}", "--worker-class", worker, "--threads", str(THREADS)),
        *("--pythonpath", str(Path(__file__).parents[2]), "--no-control-socket"),
        *("--keep-alive", "65", "--graceful-timeout", str(GRACE_SECONDS), "--log-level", "error"),
    ]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return process, port
    process.kill()
    pytest.fail(f"gunicorn did not start: {process.communicate()[1]}")


def measure(folder, worker):
    """With spare connections open: does a page come within 3 s, and does SIGTERM end it within 8 s?"""
    process, port = serve(folder, worker)
    spare = [socket.create_connection(("127.0.0.1", port)) for _ in range(SPARE_CONNECTIONS)]
    time.sleep(0.3)  # the worker has accepted them all
    try:
        client = http.client.HTTPConnection("127.0.0.1", port, timeout=3)
        try:
            client.request("GET", "/")
            served = client.getresponse().read() == b"ok"
        except TimeoutError:
            served = False
        finally:
            client.close()
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=8)
            stopped = True
        except subprocess.TimeoutExpired:
            stopped = False
        return served, stopped
    finally:
        for connection in spare:
            connection.close()
        process.kill()
        process.communicate()


def test_spare_connections_hold_no_thread_and_do_not_delay_the_end(tmp_path):
    assert measure(tmp_path, "examgrader.worker.PatientThreadWorker") == (True, True)


def test_control_gunicorns_own_worker_waits_for_them(tmp_path):
    served, stopped = measure(tmp_path, "gthread")
    assert not (served and stopped)

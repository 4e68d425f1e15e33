"""gunicorn with a worker class and an application of a few lines, to look at the worker alone."""

import http.client
import os
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
GRACE_SECONDS = 15


def serve(folder, worker, *more, application=APPLICATION):
    """The application under gunicorn; returns the process and its port."""
    (folder / "small.py").write_text(application)
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        port = trial.getsockname()[1]
    command = [
        *(sys.executable, "-m", "gunicorn", "small:application", "--chdir", str(folder)),
        *("--bind", f"127.0.0.1:{port}", "--worker-class", worker, "--threads", str(THREADS)),
        *("--pythonpath", f"{Path(__file__).parents[2]},{folder}", "--no-control-socket"),
        *("--keep-alive", "65", "--graceful-timeout", str(GRACE_SECONDS), "--log-level", "error"),
        *more,
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


def is_served(port, *, within):
    """Whether somebody who comes now gets a page in so many seconds."""
    visitor = http.client.HTTPConnection("127.0.0.1", port, timeout=within)
    try:
        visitor.request("GET", "/")
        return visitor.getresponse().read() == b"ok"
    except TimeoutError:
        return False
    finally:
        visitor.close()


def children_of(process):
    return [int(pid) for pid in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()]


def sockets_of(pid):
    """How many a process has open: connections, and the one that listens."""
    count = 0
    for entry in os.scandir(f"/proc/{pid}/fd"):
        try:
            count += os.readlink(entry).startswith("socket:")
        except FileNotFoundError:
            continue  # closed meanwhile
    return count

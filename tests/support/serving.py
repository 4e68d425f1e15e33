"""The real gunicorn with the product's own configuration, on a database that the caller made."""

import os
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 60


def free_port():
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return trial.getsockname()[1]


def database_url(name):
    """The URL of a database beside the one that the environment names."""
    return urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()


class Gunicorn:
    """One server on a port of its own, which stays the same when it is started anew."""

    def __init__(self, database, folder, **environment):
        self.port = free_port()
        self.log = folder / "gunicorn.log"
        self.environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "examgrader.settings",
            "DATABASE_URL": database,
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
            "WEB_CONCURRENCY": "2",
            **environment,
        }

    def start(self, *, wait=True):
        # By its script, as in production: `python -m gunicorn` cannot start itself anew (SIGUSR2).
        script = str(Path(sys.executable).with_name("gunicorn"))
        command = [script, "--config", "examgrader/gunicorn.conf.py"]
        pidfile = self.log.with_name("gunicorn.pid")
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                [*command, "--pid", str(pidfile)], cwd=ROOT, env=self.environment, stderr=log
            )
        if wait:
            self.wait_until_ready()

    def wait_until_ready(self):
        until = time.monotonic() + PATIENCE_SECONDS
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() > until:
                raise AssertionError(f"gunicorn does not answer: {self.said()}")
            time.sleep(0.05)

    def answers(self):
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=5) as line:
                line.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                return line.recv(64).startswith(b"HTTP/1.1 200")
        except OSError:
            return False

    def said(self):
        return self.log.read_text()

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(timeout=30)


@contextmanager
def gunicorn(database, folder, **environment):
    server = Gunicorn(database, folder, **environment)
    server.start()
    try:
        yield server
    finally:
        server.stop()

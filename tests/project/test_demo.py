"""`make demo`, run for real on a copy of the project, with a database of its own on the tests' server."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from urllib.parse import urlsplit

import psycopg
import pytest

from examgrader import demo, localservices

ROOT = localservices.BASE_DIR
PARTS = ["apps", "examgrader", "templates", "static"]
STARTING_SECONDS = 240  # on a busy machine; most of it is compressing the static files, once


@pytest.fixture
def database_url():
    """An empty database beside the tests' own."""
    url = os.environ["DATABASE_URL"]
    name = f"demo_{os.getpid()}"
    with psycopg.connect(url, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}")
        yield urlsplit(url)._replace(path=f"/{name}").geturl()
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def start(tmp_path, database_url):
    """Start the demo, wait until it serves, and end it with the test."""
    for part in PARTS:
        shutil.copytree(ROOT / part, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("manage.py", "requirements.txt"):
        shutil.copy(ROOT / name, tmp_path)
    keep = {"PATH", "HOME", "REDIS_URL"}
    environment = {name: value for name, value in os.environ.items() if name in keep}
    environment |= {"DATABASE_URL": database_url, "PORT": str(free_port()), "WEB_CONCURRENCY": "1"}
    started = []

    def start():
        said = tmp_path / f"said-{len(started)}"
        with said.open("w") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "examgrader.demo"],
                cwd=tmp_path,
                env=environment,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        started.append(process)
        wait_for(f"http://127.0.0.1:{environment['PORT']}/readyz", process, said)
        return process, said

    yield start
    for process in started:
        if process.poll() is None:
            process.terminate()
            process.wait(timeout=30)


def free_port():
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return trial.getsockname()[1]


def wait_for(url, process, said):
    until = time.monotonic() + STARTING_SECONDS
    while time.monotonic() < until and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5) as response:
                return response.read()
        except OSError:  # not listening yet, or listening and still loading
            time.sleep(0.1)
    pytest.fail(f"The demo did not start:\n{said.read_text()}")


def fetch(path, said):
    address = re.search(r"http://localhost:\d+", said.read_text())[0]
    with urllib.request.urlopen(address + path, timeout=20) as response:
        return response.read().decode()


@pytest.mark.long
def test_the_demo_serves_ends_without_a_trace_and_runs_again(start, tmp_path):
    process, said = start()
    entry = fetch("/", said)
    style = re.search(r'href="(/static/[^"]+\.css)"', entry)[1]
    assert re.search(r"\.[0-9a-f]{12}\.css$", style), "static files are named by their content"
    assert "--" in fetch(style, said)
    assert "csrfmiddlewaretoken" in fetch("/console/login/", said)
    seeded = tmp_path / "var" / "demo.txt"
    assert seeded.read_text().strip() in said.read_text()
    assert seeded.stat().st_mode & 0o077 == 0, "it holds passwords"
    kept, collected = seeded.read_text(), (tmp_path / "var" / "static.stamp").stat().st_mtime_ns

    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=30) == 0
    assert "Traceback" not in said.read_text()

    process, said = start()
    assert seeded.read_text() == kept
    assert (tmp_path / "var" / "static.stamp").stat().st_mtime_ns == collected
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=30) == 0
    assert "Traceback" not in said.read_text()


@pytest.mark.parametrize("port", ["taken", "eighty", "70000"])
def test_a_port_that_cannot_be_had_is_one_line(port, tmp_path):
    """Told before anything slow: no database was started, no folder made."""
    shutil.copytree(ROOT / "examgrader", tmp_path / "examgrader")
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        number = str(holder.getsockname()[1]) if port == "taken" else port
        done = subprocess.run(
            [sys.executable, "-m", "examgrader.demo"],
            cwd=tmp_path,
            env={"PATH": os.environ["PATH"], "PORT": number},
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert number in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "var").exists()


@pytest.mark.parametrize(
    ("host", "name"),
    [("127.0.0.1", "localhost"), ("192.168.1.7", "192.168.1.7"), ("fd00::7", "[fd00::7]")],
)
def test_links_lead_to_where_we_listen(host, name):
    assert demo.name_for_others(host) == name


def test_listening_everywhere_links_lead_to_this_machine():
    assert demo.name_for_others("0.0.0.0") not in ("0.0.0.0", "", "127.0.0.1")  # noqa: S104

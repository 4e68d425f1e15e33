"""What benchmarks run on: a database of their own, gunicorn as in production, and what all of it consumes."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

ROOT = Path(__file__).parents[1]
TICK_MS = 1000 / os.sysconf("SC_CLK_TCK")
STARTING_SECONDS = 60
STOLEN = 7  # the place of "steal" among the numbers of /proc/stat


@contextmanager
def own_database(name: str) -> Iterator[None]:
    """An empty database beside the project's own, made anew. `DATABASE_URL` names it meanwhile."""
    address = os.environ["DATABASE_URL"]
    with psycopg.connect(address, autocommit=True) as server:
        server.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)".encode())
        server.execute(f"CREATE DATABASE {name}".encode())
        os.environ["DATABASE_URL"] = urlsplit(address)._replace(path=f"/{name}").geturl()
        try:
            yield
        finally:
            os.environ["DATABASE_URL"] = address
            server.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


@dataclass(frozen=True)
class Server:
    port: int
    pid: int


@contextmanager
def serve(
    application: str = "examgrader.wsgi:application", *, arguments: Sequence[str] = (), **environment: str
) -> Iterator[Server]:
    """gunicorn with the product's own configuration, on a free port; `arguments` change it."""
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        port = trial.getsockname()[1]
    command = [sys.executable, "-m", "gunicorn", "--config", "examgrader/gunicorn.conf.py"]
    process = subprocess.Popen(
        [*command, "--log-level", "error", *arguments, application],
        env={**os.environ, "PORT": str(port), **environment},
        cwd=ROOT,
    )
    try:
        wait_until_served(process, port)
        yield Server(port=port, pid=process.pid)
    finally:
        process.terminate()
        process.wait()


def wait_until_served(process: subprocess.Popen[bytes], port: int) -> None:
    until = time.monotonic() + STARTING_SECONDS
    while process.poll() is None and time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit("gunicorn did not start; its own lines above say why.")


# -- What it consumes --------------------------------------------------------------------------------------


def with_descendants(pid: int) -> list[int]:
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except (FileNotFoundError, ProcessLookupError):
        return []
    return [pid, *(one for child in children for one in with_descendants(int(child)))]


def cpu_ms(pid: int) -> float:
    """CPU milliseconds so far of a process, its descendants, and those of them that have ended."""
    return sum(own_cpu_ms(one) for one in with_descendants(pid))


def own_cpu_ms(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except (FileNotFoundError, ProcessLookupError):  # it ended meanwhile; its parent counts it then
        return 0
    return sum(int(field) for field in fields[11:15]) * TICK_MS


def memory_mb(pid: int) -> float:
    """The memory of a process and its descendants; pages that they share count once (PSS)."""
    return sum(own_memory_kb(one) for one in with_descendants(pid)) / 1024


def own_memory_kb(pid: int) -> int:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1])
    return 0


def database_pid() -> int:
    """PostgreSQL's first process: the parent of the one that serves us."""
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        backend = connection.info.backend_pid
        return int(Path(f"/proc/{backend}/stat").read_text().rsplit(")", 1)[1].split()[1])


@dataclass(frozen=True)
class MachineTime:
    """CPU milliseconds so far of everything on this machine, and what its host took away."""

    busy: float
    stolen: float

    @classmethod
    def now(cls) -> "MachineTime":
        fields = [int(field) for field in Path("/proc/stat").read_text().partition("\n")[0].split()[1:]]
        user, nice, system, _idle, _waiting, interrupts, soft_interrupts = fields[:STOLEN]
        busy = user + nice + system + interrupts + soft_interrupts
        return cls(busy=busy * TICK_MS, stolen=fields[STOLEN] * TICK_MS)


def describe_machine() -> str:
    """Cores, processor and the load before we began."""
    model = [
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    ]
    load = os.getloadavg()[0]
    return f"{os.cpu_count()} cores, {model[0] if model else 'processor unknown'}, load {load:.1f} before"


def describe_commit() -> str:
    def git(*arguments: str) -> str:
        done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
        return done.stdout.strip()

    commit = git("rev-parse", "--short", "HEAD") or "unknown"
    return f"{commit} with changes" if git("status", "--short") else commit

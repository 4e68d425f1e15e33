"""gunicorn as in production, with a supervisor's part played by us: who kills the master starts it again."""

import os
import runpy
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from random import Random

from benchmarks.stack import with_descendants
from chaos import processes

ROOT = Path(__file__).resolve().parents[1]
STARTING_SECONDS = 60.0
STOPPING_SECONDS = 40.0
ORPHANS_SECONDS = 3.0


class Web:
    """One gunicorn on one port, for all its lives."""

    def __init__(self, folder: Path, *, application: str = "examgrader.wsgi:application") -> None:
        self.log = folder / "gunicorn.log"
        self._ready = folder / "workers"
        self._ready.mkdir(exist_ok=True)
        self._application = application
        with socket.socket() as trial:
            trial.bind(("127.0.0.1", 0))
            self.port: int = trial.getsockname()[1]
        self._process: subprocess.Popen[bytes] | None = None
        self._environment: dict[str, str] = {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        if self._process is None:
            raise processes.NeverCame("gunicorn was not started")
        return self._process.pid

    def start(self, *, log: Path | None = None, **environment: str) -> float:
        """Start it; return how long it took until a worker was ready."""
        began = time.time()
        self._environment = environment
        command = [sys.executable, "-m", "gunicorn", "--config", "chaos/gunicorn.conf.py"]
        with (log or self.log).open("ab") as stderr:
            self._process = subprocess.Popen(
                [*command, "--log-level", "warning", self._application],
                env={
                    **os.environ,
                    "PORT": str(self.port),
                    "CHAOS_WORKERS": str(self._ready),
                    **environment,
                },
                cwd=ROOT,
                stderr=stderr,
                start_new_session=True,
            )
        self.wait_until_ready(since=began)
        return time.time() - began

    def start_again(self) -> float:
        return self.start(**self._environment)

    def wait_until_ready(self, *, since: float, workers: int = 1) -> float:
        """Wait until so many workers that live became ready after `since`; return how long after."""

        def ready() -> list[float]:
            if self._process is None or self._process.poll() is not None:
                raise processes.NeverCame(f"gunicorn ended; {self.log} says why:\n{self.last_words()}")
            return [at for at in self._ready_at() if at > since]

        processes.wait_for(
            lambda: len(ready()) >= workers, within=STARTING_SECONDS, what="a worker of gunicorn is ready"
        )
        return max(0.0, sorted(ready())[workers - 1] - since)

    def last_words(self) -> str:
        return self.log.read_text(errors="replace")[-1500:]

    def _ready_at(self) -> list[float]:
        found = []
        for pid in self.workers():
            note = self._ready / str(pid)
            if note.exists() and (text := note.read_text()):
                found.append(float(text))
        return found

    @staticmethod
    def read_settings() -> dict[str, object]:
        """gunicorn's settings as the product's file gives them."""
        return runpy.run_path(str(ROOT / "examgrader" / "gunicorn.conf.py"))

    def workers(self) -> list[int]:
        return with_descendants(self.pid)[1:]

    def kill_worker(self, chance: Random) -> int:
        victim = chance.choice(self.workers())
        processes.send([victim], signal.SIGKILL)
        return victim

    def kill_master(self) -> int:
        """As the kernel would, short of memory; the workers notice that they are orphans, and end.

        A supervisor gives them a moment, then kills what is left of the group; returns how many that were.
        """
        orphans = self.workers()
        processes.send([self.pid], signal.SIGKILL)
        if self._process is not None:
            self._process.wait()
        until = time.monotonic() + ORPHANS_SECONDS
        while any(map(processes.is_alive, orphans)) and time.monotonic() < until:
            time.sleep(processes.STEP_SECONDS)
        left = [pid for pid in orphans if processes.is_alive(pid)]
        processes.send(left, signal.SIGKILL)
        return len(left)

    def reload(self) -> None:
        processes.send([self.pid], signal.SIGHUP)

    def stop(self) -> None:
        if self._process is None:
            return
        everybody = with_descendants(self.pid)
        processes.send(everybody, signal.SIGCONT)
        self._process.terminate()
        try:
            self._process.wait(STOPPING_SECONDS)
        except subprocess.TimeoutExpired:
            processes.send(everybody, signal.SIGKILL)
            self._process.wait()
        self._process = None

"""The crowd's processes: started, steered by lines on their input, heard by lines on their output."""

import queue
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from apps.grading.management.rehearsal.machine import Machine
from apps.grading.management.rehearsal.measures import Pulse
from apps.grading.management.rehearsal.plan import Herd, News, Plan
from apps.grading.rules.rehearsal.statistics import MachineSecond, Sample

ROOT = Path(__file__).resolve().parents[4]
MODULE = "apps.grading.management.rehearsal.crowd"
LONGEST_FAREWELL = 30
MACHINE_EVERY = 1.0


class CrowdFailed(Exception):
    """A process of the crowd ended before its time."""


class Crowd:
    """All processes together, and everything they said. Leaving the block ends them."""

    def __init__(self, plans: Sequence[Plan]) -> None:
        self._plans = plans
        self._processes: list[subprocess.Popen[str]] = []
        self._listeners: list[threading.Thread] = []
        self._news: queue.Queue[tuple[int, News | None]] = queue.Queue()
        self._machine = Machine()
        self._machine_at = 0.0
        self.samples: list[Sample] = []
        self.pulses: list[list[Pulse]] = [[] for _ in plans]
        self.machine: list[MachineSecond] = []
        self.gave_up: list[str] = []
        self._finished: list[set[str]] = [set() for _ in plans]

    def __enter__(self) -> Self:
        for number, plan in enumerate(self._plans):
            process = subprocess.Popen(  # noqa: S603
                [sys.executable, "-m", MODULE],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                cwd=ROOT,
                start_new_session=True,  # Ctrl-C is for us; they end when their input does
            )
            self._processes.append(process)
            self._tell(process, plan.as_line())
            listener = threading.Thread(target=self._listen, args=(number, process.stdout), daemon=True)
            listener.start()
            self._listeners.append(listener)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.end()

    def end(self) -> None:
        """Close the inputs, and wait until what is under way is in the journals."""
        for process in self._processes:
            if process.stdin is not None:
                with suppress(OSError):  # one that has died does not listen
                    process.stdin.close()
        until = time.monotonic() + LONGEST_FAREWELL  # of all together
        for process in self._processes:
            try:
                process.wait(max(0.0, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        for listener in self._listeners:
            listener.join()

    def send_to_results(self, herd: Herd) -> None:
        for process in self._processes:
            self._tell(process, herd.as_line())

    def listen(self, seconds: float) -> None:
        """Take in what is said for so long."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self._read_machine()
            try:
                number, news = self._news.get(timeout=min(left, MACHINE_EVERY))
            except queue.Empty:
                continue
            if news is None:
                raise CrowdFailed("A process of the crowd ended before its time; its error stands above.")
            self.samples += news.samples
            self.pulses[number].append(news.pulse)
            self.gave_up += news.gave_up
            if news.finished:
                self._finished[number].add(news.finished)

    def has_finished(self, part: str) -> bool:
        return all(part in finished for finished in self._finished)

    @property
    def sitting(self) -> int:
        """How many are at it at this moment."""
        return sum(pulses[-1].sitting for pulses in self.pulses if pulses)

    def _tell(self, process: subprocess.Popen[str], line: str) -> None:
        if process.stdin is None:
            raise CrowdFailed("A process of the crowd has no input.")
        process.stdin.write(line + "\n")
        process.stdin.flush()

    def _listen(self, number: int, output: IO[str]) -> None:
        with output:
            for line in output:
                self._news.put((number, News.from_line(line)))
        self._news.put((number, None))

    def _read_machine(self) -> None:
        if time.monotonic() - self._machine_at >= MACHINE_EVERY:
            self._machine_at = time.monotonic()
            if (second := self._machine.read()) is not None:
                self.machine.append(second)

"""A crowd that sits an exam while something happens, and what it was told."""

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Self

from apps.grading.management.rehearsal.journal import read_journals
from apps.grading.management.rehearsal.processes import Crowd
from apps.grading.management.rehearsal.schedule import Course, Crew, seats_of_rehearsal
from apps.grading.management.rehearsal.stored import read_answers, read_revisions
from apps.grading.rules.rehearsal.checking import Findings, check
from apps.grading.rules.rehearsal.statistics import Sample, percentile
from chaos import edits
from chaos.database import Database
from chaos.exam import new_exam
from chaos.outcome import Outcome
from chaos.processes import NeverCame
from chaos.stack import Stack

LEAD_SECONDS = 2.0
PATIENCE_SECONDS = 90.0
LISTENING_SECONDS = 0.2
ENTERING_A_SECOND = 100
PROCESSES = min(2, os.cpu_count() or 1)


@dataclass
class Window:
    """A stretch of the sitting, on the wall clock."""

    begins: float
    ends: float = float("inf")

    def holds(self, sample: Sample) -> bool:
        return self.begins <= sample.started_at < self.ends


@dataclass
class Told:
    """All that a crowd was told, and what the database holds of it."""

    samples: Sequence[Sample]
    findings: Findings
    gave_up: Sequence[str]
    contestants: int
    writing: Window
    folder: Path = field(repr=False)

    @cached_property
    def edits(self) -> list[edits.Told]:
        return edits.read(self.folder)

    def calls(self, window: Window | None = None, *, actions: Sequence[str] = ()) -> list[Sample]:
        return [
            one
            for one in self.samples
            if (window is None or window.holds(one)) and (not actions or one.action in actions)
        ]

    def saves(self, window: Window | None = None) -> list[Sample]:
        return self.calls(window, actions=("save",))

    def percentile(
        self, share: float, window: Window | None = None, *, actions: Sequence[str] = ("save",)
    ) -> float:
        """In seconds, of the calls that were answered."""
        calls = self.calls(window, actions=actions)
        return percentile(sorted(one.seconds for one in calls if not one.error), share)

    def server_errors(self, window: Window | None = None) -> int:
        return sum(one.error.startswith("status 5") for one in self.calls(window))

    def signed_out(self) -> int:
        return sum(one.error == "status 401" for one in self.samples)

    def tell_soundness(self, outcome: Outcome, *, asked: str = "") -> None:
        """What every sitting must show: nothing lost, twice, or from nowhere, and nobody who gave up."""
        found = self.findings
        outcome.tell("contestants", self.contestants)
        outcome.tell("acknowledged", found.acked, asked)
        outcome.least("some were", min(found.acked, 1), 1)
        outcome.most("lost", len(found.lost), 0)
        outcome.most("duplicate", len(found.duplicated), 0)
        outcome.most("phantom", len(found.phantom), 0)
        outcome.most("gave up", len(self.gave_up), 0)
        for name in ("lost", "duplicated", "phantom"):
            for one in getattr(found, name)[:1]:
                outcome.tell(f"first {name}", f"op {one.op or 'none'}, problem {one.number}: {one.why}")
        if self.gave_up:
            outcome.tell("first who gave up", self.gave_up[0])


class Sitting:
    """Enter within `burst` seconds, write for `seconds`, hand in within `closing`. Leaving the block ends it.

    Whoever drives faults waits with `wait`, so that the crowd's news are heard meanwhile.
    """

    def __init__(
        self,
        stack: Stack,
        *,
        name: str,
        contestants: int,
        seconds: float,
        seed: int,
        burst: float | None = None,
        closing: float | None = None,
        url: str = "",
    ) -> None:
        self._database: Database = stack.database
        self.contestants = contestants
        self.folder = stack.folder / f"sitting-{name}"
        self.folder.mkdir()
        self.exam = new_exam(contestants + 1)
        self.spare_key = self.exam.keys[-1].key
        span = max(3.0, contestants / ENTERING_A_SECOND)
        self.course = Course(
            span if burst is None else burst, seconds, span if closing is None else closing, 0
        )
        journals = [str(self.folder / f"edits-{number}.jsonl") for number in range(PROCESSES)]
        keys = [one.key for one in self.exam.keys[:contestants]]
        crew = Crew(
            url or stack.web.url, keys, seed, loads_assets=False, patience=PATIENCE_SECONDS, journals=journals
        )
        self.start = time.time() + LEAD_SECONDS
        self._crowd = Crowd(crew.plans(seats_of_rehearsal(keys, self.course, start=self.start, seed=seed)))
        bell = self.start + self.course.burst
        self.writing = Window(bell, bell + seconds)

    def __enter__(self) -> Self:
        self._crowd.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._crowd.end()

    def wait(self, seconds: float) -> None:
        self._crowd.listen(seconds)

    def wait_until_writing(self, *, settled: float = 3.0) -> None:
        """Until everybody should have entered, and a little more."""
        self.wait(max(0.0, self.writing.begins + settled - time.time()))

    @property
    def seconds_left(self) -> float:
        return self.writing.ends - time.time()

    @contextmanager
    def window(self) -> Iterator[Window]:
        window = Window(time.time())
        yield window
        window.ends = time.time()

    def finish(self) -> Told:
        """Wait until all have handed in or given up; then compare the journals with the database."""
        until = self.writing.ends + self.course.closing + PATIENCE_SECONDS * 2
        while not self._crowd.has_finished("sitting"):
            if time.time() > until:
                raise NeverCame("the crowd did not come to an end")
            self.wait(LISTENING_SECONDS)
        self._crowd.end()
        return Told(
            samples=self._crowd.samples,
            findings=self.compare(),
            gave_up=self._crowd.gave_up,
            contestants=self.contestants,
            writing=self.writing,
            folder=self.folder,
        )

    def compare(self) -> Findings:
        written = read_journals(sorted(self.folder.glob("edits-*.jsonl")))
        with self._database.connect() as connection, connection.cursor() as cursor:
            return check(
                written, read_revisions(cursor, self.exam.slug), read_answers(cursor, self.exam.slug)
            )

"""What the crowd measures while it runs: every call, and how busy its own process was."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from apps.grading.rules.rehearsal.statistics import Sample

LAG_STEP = 0.25


@dataclass(frozen=True, slots=True)
class Pulse:
    """One second of the generator itself: its share of one core, and how late its loop woke at worst."""

    at: float
    cpu: float
    lag: float
    sitting: int


class Recorder:
    """Collects samples; whoever reads them takes them away."""

    def __init__(self) -> None:
        self._samples: list[Sample] = []

    def note(self, action: str, started_at: float, seconds: float, error: str = "") -> None:
        self._samples.append(Sample(action, started_at, seconds, error))

    def take(self) -> Sequence[Sample]:
        taken, self._samples = self._samples, []
        return taken


class Watch:
    """Feels the pulse of this process."""

    def __init__(self) -> None:
        self._cpu, self._at = time.process_time(), time.monotonic()
        self._lag = 0.0

    async def watch_lag(self) -> None:
        """Run beside the crowd: a loop that wakes late measures itself and not the server."""
        while True:
            before = time.monotonic()
            await asyncio.sleep(LAG_STEP)
            self._lag = max(self._lag, time.monotonic() - before - LAG_STEP)

    def pulse(self, sitting: int) -> Pulse:
        cpu, at = time.process_time(), time.monotonic()
        share = (cpu - self._cpu) / max(at - self._at, 1e-6)
        lag, self._lag = self._lag, 0.0
        self._cpu, self._at = cpu, at
        return Pulse(time.time(), share, lag, sitting)


def as_row(sample: Sample) -> list[Any]:
    """A sample for JSON, short: there are many."""
    row: list[Any] = [sample.action, round(sample.started_at, 3), round(sample.seconds, 5)]
    return [*row, sample.error] if sample.error else row

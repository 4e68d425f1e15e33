"""The live view on a terminal; where there is none, a line whenever another part begins."""

import sys
import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.live import Live
from rich.table import Table

from apps.grading.management.rehearsal.processes import Crowd
from apps.grading.rules.rehearsal.statistics import percentile

WINDOW = 10.0
SHOWN_EVERY = 1.0


class Screen:
    """Shows how it goes, on stderr."""

    def __init__(self) -> None:
        self._console = Console(stderr=True)
        self._live = Live(console=self._console, auto_refresh=False) if sys.stderr.isatty() else None
        self._began = time.monotonic()
        self._part = ""
        self._shown_at = 0.0

    def __enter__(self) -> Self:
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def say(self, words: str) -> None:
        self._console.print(words, highlight=False, soft_wrap=True)

    def show(self, crowd: Crowd, part: str) -> None:
        if part != self._part:
            self._part = part
            if self._live is None:
                self.say(f"{time.monotonic() - self._began:5.0f} s  {part}")
        if self._live is not None and time.monotonic() - self._shown_at >= SHOWN_EVERY:
            self._shown_at = time.monotonic()
            self._live.update(self._table(crowd), refresh=True)

    def _table(self, crowd: Crowd) -> Table:
        table = Table(title=f"{self._part}, {time.monotonic() - self._began:.0f} s", title_justify="left")
        for heading in ("action", "calls", "errors", "last 10 s", "p50 ms", "p99 ms"):
            table.add_column(heading, justify="left" if heading == "action" else "right")
        since = time.time() - WINDOW
        for action in dict.fromkeys(sample.action for sample in crowd.samples):
            calls = [sample for sample in crowd.samples if sample.action == action]
            recent = sorted(sample.seconds for sample in calls if sample.started_at >= since)
            errors = sum(bool(sample.error) for sample in calls)
            table.add_row(
                action,
                str(len(calls)),
                f"[red]{errors}[/red]" if errors else "0",
                str(len(recent)),
                f"{percentile(recent, 0.5) * 1000:.0f}" if recent else "",
                f"{percentile(recent, 0.99) * 1000:.0f}" if recent else "",
            )
        cpu = " + ".join(f"{pulses[-1].cpu:.0%}" for pulses in crowd.pulses if pulses)
        machine = crowd.machine[-1] if crowd.machine else None
        stolen = f", stolen {machine.stolen:.0%}" if machine is not None and machine.stolen else ""
        busy = f"; machine {machine.busy:.0%} busy{stolen}" if machine is not None else ""
        table.caption = f"{crowd.sitting} at it; the crowd's processors {cpu}{busy}"
        return table

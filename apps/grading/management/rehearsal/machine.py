"""How busy this machine is, and how much of it was taken away: /proc/stat, where there is one."""

import os
import time
from pathlib import Path

from apps.grading.rules.rehearsal.statistics import MachineSecond

PROC_STAT = Path("/proc/stat")
CORES = os.cpu_count() or 1
# Columns of the line "cpu": user nice system idle iowait irq softirq steal; guest time is in user already.
IDLE, IOWAIT, STEAL, COLUMNS = 3, 4, 7, 8


def read_ticks(text: str) -> tuple[int, int, int]:
    """All ticks of all cores, those in which they worked for us, and those that were stolen."""
    line = next(line for line in text.splitlines() if line.startswith("cpu "))
    ticks = [int(field) for field in line.split()[1 : COLUMNS + 1]]
    ticks += [0] * (COLUMNS - len(ticks))
    return sum(ticks), sum(ticks) - ticks[IDLE] - ticks[IOWAIT] - ticks[STEAL], ticks[STEAL]


class Machine:
    """Reads the difference from one reading to the next; None where the system does not tell."""

    def __init__(self) -> None:
        self._before = self._ticks()

    def read(self) -> MachineSecond | None:
        before, self._before = self._before, self._ticks()
        if before is None or self._before is None or self._before[0] <= before[0]:
            return None
        total, busy, stolen = (now - then for now, then in zip(self._before, before, strict=True))
        return MachineSecond(time.time(), busy / total, stolen / total)

    def _ticks(self) -> tuple[int, int, int] | None:
        try:
            return read_ticks(PROC_STAT.read_text())
        except (OSError, StopIteration, ValueError):
            return None

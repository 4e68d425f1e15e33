"""What is done to a sitting, and what must hold; `CASES` in the order in which they run."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from chaos.cases import (
    deadlocks,
    deaths,
    emptiness,
    endings,
    frozen,
    lines,
    locks,
    overload,
    promises,
    sittings,
    storms,
    together,
    wholes,
)
from chaos.outcome import Outcome
from chaos.scale import Scale
from chaos.stack import Stack


@dataclass(frozen=True)
class Case:
    """`run` yields one outcome for each test of the list that it shows. `seconds`: then it is broken off.

    `when`: in every run, only in a full one, or only where it is asked for by its name.
    """

    name: str
    tests: str
    run: Callable[[Stack, Scale], Iterator[Outcome]]
    seconds: float = 300
    when: Literal["always", "full", "asked"] = "always"


CASES = (
    Case("promises", "19, 35, 36, 37, 43, 51, 52, 60, 61", promises.keep_promises),
    Case("whole", "1, 28, 29, 30", sittings.sit_through, 900),
    Case("workers", "2", deaths.kill_workers),
    Case("masters", "3", deaths.kill_masters),
    Case("postgres", "4", deaths.stop_postgres),
    Case("cuts", "5", deaths.cut_connections),
    Case("storm", "8", storms.storm),
    Case("lock", "9", locks.hold_a_paper),
    Case("redis", "11, 12, 13", emptiness.trouble_redis, 400),
    Case("lost-answers", "14", lines.lose_answers),
    Case("cut-off", "16, 28", lines.cut_all),
    Case("closer", "21", endings.kill_the_closer, 400),
    Case("overload", "31", overload.flood_all),
    Case("frozen", "6", frozen.freeze_postgres, when="full"),
    Case("full-disk", "7", frozen.fill_the_disk, when="full"),
    Case("deadlocks", "10", deadlocks.wait_for_each_other, 600, when="full"),
    Case("bad-line", "15", wholes.write_over_a_bad_line, 400, when="full"),
    Case("soak", "32", wholes.soak, 1800, when="full"),
    Case("probes", "33", wholes.probe_in_trouble, when="full"),
    Case("together", "2, 12, 14", together.trouble_at_once, when="asked"),
)

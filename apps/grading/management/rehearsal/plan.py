"""What the crowd is told before it starts, and what it tells while it runs, as lines of JSON."""

import json
from dataclasses import asdict, dataclass
from typing import Any

from apps.grading.management.rehearsal.measures import Pulse, as_row
from apps.grading.rules.rehearsal.statistics import Sample


@dataclass(frozen=True)
class Seat:
    """One contestant of the plan. Moments are those of the wall clock, all processes being on one machine."""

    place: int
    key: str
    enters_at: float
    writes_until: float
    hands_in_at: float


@dataclass(frozen=True)
class Plan:
    """What one process of the crowd is to do."""

    url: str
    journal: str
    seed: int
    loads_assets: bool
    patience: float
    seats: tuple[Seat, ...]

    def as_line(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_line(cls, line: str) -> "Plan":
        tree = json.loads(line)
        return cls(**{**tree, "seats": tuple(Seat(**seat) for seat in tree["seats"])})


@dataclass(frozen=True)
class Herd:
    """The results are out: each contestant and one parent look, within so many seconds from this moment."""

    at: float
    seconds: float

    def as_line(self) -> str:
        return json.dumps({"herd": asdict(self)})


@dataclass(frozen=True)
class News:
    """What a process says once a second, and when it has finished a part (`finished`: sitting or herd)."""

    pulse: Pulse
    samples: tuple[Sample, ...]
    gave_up: tuple[str, ...] = ()
    finished: str = ""

    def as_line(self) -> str:
        tree: dict[str, Any] = {
            "pulse": asdict(self.pulse),
            "samples": [as_row(sample) for sample in self.samples],
            "gave_up": self.gave_up,
            "finished": self.finished,
        }
        return json.dumps(tree)

    @classmethod
    def from_line(cls, line: str) -> "News":
        tree = json.loads(line)
        return cls(
            pulse=Pulse(**tree["pulse"]),
            samples=tuple(Sample(*row) for row in tree["samples"]),
            gave_up=tuple(tree["gave_up"]),
            finished=tree["finished"],
        )

"""When whom of the crowd does what: the seats of a rehearsal, and of a search for the limit."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from apps.grading.management.rehearsal.plan import Plan, Seat

STEPS = 8
# What of a step goes by while its newcomers enter; after that the step is measured. They come all cold and at
# once, which costs far more than writing: in less time the search would measure the end of their entering.
ENTERING = 0.5
FOR_EVER = 24 * 3600.0


@dataclass(frozen=True)
class Course:
    """How long each part of a rehearsal lasts, in seconds."""

    burst: float
    writing: float
    closing: float
    herd: float

    @property
    def sitting(self) -> float:
        return self.burst + self.writing + self.closing


@dataclass(frozen=True)
class Crew:
    """Who sits, from where, and how."""

    url: str
    keys: Sequence[str]
    seed: int
    loads_assets: bool
    patience: float
    journals: Sequence[str]

    def plans(self, seats: Sequence[Seat]) -> list[Plan]:
        """Deal the seats to the processes, one journal each."""
        return [
            Plan(
                url=self.url,
                journal=journal,
                seed=self.seed,
                loads_assets=self.loads_assets,
                patience=self.patience,
                seats=tuple(seats[number :: len(self.journals)]),
            )
            for number, journal in enumerate(self.journals)
        ]


def seats_of_rehearsal(keys: Sequence[str], course: Course, *, start: float, seed: int) -> list[Seat]:
    """All enter within the burst, in a random order; all hand in within the closing burst."""
    random = Random(seed)  # noqa: S311
    bell = start + course.burst + course.writing
    seats = []
    for place, key in enumerate(keys):
        hands_in_at = bell + random.uniform(0, course.closing)
        seats.append(Seat(place, key, start + random.uniform(0, course.burst), hands_in_at, hands_in_at))
    return seats


def seats_of_search(keys: Sequence[str], step_seconds: float, *, start: float, seed: int) -> list[Seat]:
    """An eighth of the crowd more with each step; nobody hands in."""
    random = Random(seed)  # noqa: S311
    end = start + FOR_EVER
    seats = []
    for place, key in enumerate(keys):
        step = place * STEPS // len(keys)
        enters_at = start + step_seconds * (step + random.uniform(0, ENTERING))
        seats.append(Seat(place, key, enters_at, end, end))
    return seats


def sitting_in_step(contestants: int, step: int) -> int:
    """How many sit in a step (0 is the first)."""
    return sum(place * STEPS // contestants <= step for place in range(contestants))

"""How much of it: the same cases for half a minute's look and for a night."""

from dataclasses import dataclass
from random import Random

SHORTEST = 15.0
# So many of these typists send more than the 100 saves a second that the faults are asked to meet.
WRITERS = 500


@dataclass(frozen=True)
class Scale:
    """`pace` 1 makes all usual cases last about half an hour together."""

    contestants: int = 1500
    pace: float = 1.0
    seed: int = 1
    is_full: bool = False

    @property
    def writers(self) -> int:
        """Those who write while something breaks, on two cores that carry them as well."""
        return min(self.contestants, WRITERS)

    def seconds(self, usual: float) -> float:
        return max(SHORTEST, usual * self.pace)

    def times(self, usual: int) -> int:
        return max(1, round(usual * self.pace))

    def chance(self, name: str) -> Random:
        """Repeatable luck, another for each case."""
        return Random(f"{self.seed} {name}")

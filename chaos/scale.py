"""How much of it: the same cases for half a minute's look and for a night."""

from dataclasses import dataclass
from random import Random

SHORTEST = 8.0


@dataclass(frozen=True)
class Scale:
    """`pace` 1 makes all usual cases last about half an hour together."""

    contestants: int = 1500
    pace: float = 1.0
    seed: int = 1
    is_full: bool = False

    def seconds(self, usual: float) -> float:
        return max(SHORTEST, usual * self.pace)

    def times(self, usual: int) -> int:
        return max(1, round(usual * self.pace))

    def chance(self, name: str) -> Random:
        """Repeatable luck, another for each case."""
        return Random(f"{self.seed} {name}")

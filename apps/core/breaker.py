"""A breaker for helpers we can do without: one failure, then they are left alone for a while."""

import time
from collections.abc import Callable
from typing import TypeVar

from apps.core import metrics

Answer = TypeVar("Answer")


class Breaker:
    """Calls that may fail or hang. After a failure nothing is tried for `rest_seconds`.

    So a frozen Redis costs one time-out per process and rest, not one per command. When the rest is
    over a single caller tries first; the others go on without until it succeeded. The state is one
    number per process: a race costs at worst one more try.
    """

    def __init__(
        self, name: str = "redis", *, rest_seconds: float = 5.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.name = name
        self.rest_seconds = rest_seconds
        self.clock = clock
        self.resting_until = 0.0

    @property
    def is_open(self) -> bool:
        return self.clock() < self.resting_until

    @property
    def is_resting(self) -> bool:
        """Whether there was a failure and no answer since."""
        return self.resting_until > 0

    def call(self, ask: Callable[[], Answer], *, instead: Callable[[], Answer]) -> Answer:
        """What `ask` answers; what `instead` answers while the breaker is open or if `ask` fails."""
        if self.is_open:
            return instead()
        if self.is_resting:
            self.rest()
        try:
            answer = ask()
        # Whatever a helper we can do without raises must never reach who asked us.
        except Exception:  # noqa: BLE001
            self.trip()
            return instead()
        self.mend()
        return answer

    def rest(self) -> None:
        """Nothing is tried for a while."""
        self.resting_until = self.clock() + self.rest_seconds

    def trip(self) -> None:
        """There was a failure."""
        self.rest()
        metrics.BREAKER_OPENED.labels(self.name).inc()
        metrics.BREAKER_OPEN.labels(self.name).set(1)

    def mend(self) -> None:
        """There was an answer."""
        if self.is_resting:
            self.resting_until = 0.0
            metrics.BREAKER_OPEN.labels(self.name).set(0)


redis = Breaker()

"""Work that costs hardly more for several than for one.

Who comes while it is being done waits, and is next, together with all others who came.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Item = TypeVar("Item")
Outcome = TypeVar("Outcome")


class Waiting(Generic[Item, Outcome]):
    """A thread with its item. It is called when the outcome is there, or when it is its turn to work."""

    __slots__ = ("called", "is_done", "item", "outcome")

    def __init__(self, item: Item) -> None:
        self.item = item
        self.outcome: Outcome | None = None
        self.is_done = False
        # A lock that is taken already: the cheapest thing that another thread can wake us by.
        self.called = threading.Lock()
        self.called.acquire()


class Together(Generic[Item, Outcome]):
    """One thread works at a time, for itself and for those who have come meanwhile.

    Nobody waits for others to come: who finds nobody at work begins at once. `work` returns an outcome for
    each item, or None for one that could not be done in company. `fits` says whether an item may join
    those before it; one that may not waits for the next turn.
    """

    def __init__(
        self,
        work: Callable[[Sequence[Item]], Sequence[Outcome | None]],
        *,
        fits: Callable[[Sequence[Item], Item], bool],
    ) -> None:
        self._work, self._fits = work, fits
        self._lock = threading.Lock()
        self._waiting: list[Waiting[Item, Outcome]] = []
        self._is_at_work = False

    def do(self, item: Item) -> Outcome | None:
        """What became of the item; None where it has to be done alone.

        What `work` raises is raised to the thread that worked; the others of its company get None.
        """
        mine: Waiting[Item, Outcome] = Waiting(item)
        with self._lock:
            self._waiting.append(mine)
            begins, self._is_at_work = not self._is_at_work, True
        if not begins:
            mine.called.acquire()  # whoever is at work calls in any case, see `finally`
            if mine.is_done:
                return mine.outcome
        company = self._take_company()
        try:
            outcomes = self._work([one.item for one in company])
            for one, outcome in zip(company, outcomes, strict=True):
                one.outcome = outcome
        finally:
            self._call_next()
            for one in company[1:]:
                one.is_done = True
                one.called.release()
        return mine.outcome

    def _take_company(self) -> list[Waiting[Item, Outcome]]:
        """Whose turn it is, always the first in the queue, and who fits to it."""
        with self._lock:
            company = [self._waiting.pop(0)]
            for one in self._waiting[:]:
                if self._fits([other.item for other in company], one.item):
                    company.append(one)
                    self._waiting.remove(one)
        return company

    def _call_next(self) -> None:
        with self._lock:
            self._is_at_work = bool(self._waiting)
            if self._waiting:
                self._waiting[0].called.release()

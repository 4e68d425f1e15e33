"""How many connections each process of the server holds: none may take much more than its share.

All processes wait for new connections, and whoever wakes up first gets one. Browsers keep theirs open, so
that chance decided once and for all: with sixty-four connections on one process, as often happened, the
second core had nothing to do, and the first was shared by all.
"""

import math
import mmap
import time

PLACES = 64  # a reload has twice as many processes for a while
STALE_SECONDS = 2.0  # a process tells at least once a second
COUNT, TOLD_AT = 0, 1


class Shares:
    """Memory that the first process makes and all others inherit: a place for each, with two numbers.

    What a process tells needs no lock, for nobody else writes there. A process that is starting, stopping,
    frozen or dead is not compared with: the others take what comes. If there are more processes than places,
    the last ones share one, and the comparison is rough.
    """

    def __init__(self) -> None:
        self.numbers = memoryview(mmap.mmap(-1, PLACES * 16)).cast("d")
        self.free = list(range(PLACES))

    def take_place(self) -> int:
        """In the first process, for one that is about to start."""
        place = self.free.pop(0) if self.free else PLACES - 1
        self.leave(place)
        return place

    def give_back(self, place: int) -> None:
        """In the first process, for one that has ended."""
        self.leave(place)
        if place not in self.free:
            self.free.append(place)

    def tell(self, place: int, count: int) -> None:
        self.numbers[2 * place + COUNT] = count
        self.numbers[2 * place + TOLD_AT] = time.monotonic()

    def leave(self, place: int) -> None:
        """It takes no more connections."""
        self.numbers[2 * place + TOLD_AT] = -math.inf

    def most(self, place: int) -> float:
        """How many connections a process may hold now: a quarter and four more than whoever has fewest."""
        fresh = time.monotonic() - STALE_SECONDS
        counts, told = self.numbers[COUNT::2].tolist(), self.numbers[TOLD_AT::2].tolist()
        others = (count for other, count in enumerate(counts) if other != place and told[other] > fresh)
        return min(others, default=math.inf) * 1.25 + 4


SHARES = Shares()

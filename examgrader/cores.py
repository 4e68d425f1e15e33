"""Which processor each process of the server keeps to.

Python runs one thread of a process at a time. On two processors its threads wake each other all the same, to
find out whose turn it is, and one that was woken in vain has cost both processors something.
"""

import os
from collections import Counter


class Cores:
    """What the first process knows: how many of its children keep to each processor that it may use."""

    def __init__(self, allowed: set[int]) -> None:
        self.holding = Counter(dict.fromkeys(sorted(allowed), 0))

    def take(self, *, processes: int) -> int | None:
        """For a process that is about to start: the processor with fewest. None: let the system choose.

        That is where so many processes cannot be shared out evenly. One processor would do twice the work of
        another; and on a large machine, with other servers like this one, all would crowd on the first few.
        """
        if not self.holding or processes % len(self.holding):
            return None
        core = min(self.holding, key=self.holding.__getitem__)
        self.holding[core] += 1
        return core

    def give_back(self, core: int | None) -> None:
        """Of a process that has ended."""
        if core is not None:
            self.holding[core] -= 1


def keep_to(core: int | None) -> None:
    """This thread, and all that it starts from now on."""
    if core is not None:
        os.sched_setaffinity(0, {core})


# Where there is no such question to ask, as on macOS, the system chooses too.
CORES = Cores(os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set())

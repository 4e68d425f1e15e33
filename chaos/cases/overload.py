"""Three times as many as the machine can serve. (31, and the second half of 28)"""

import threading
import time
from collections.abc import Iterator

from benchmarks.client import Same, Tally, drive, request
from chaos.outcome import Outcome
from chaos.scale import Scale
from chaos.sitting import Sitting, Told, Window
from chaos.stack import Stack

# Enough to keep all threads busy, and three times that.
BUSY_CONNECTIONS = 64
TIMES = 3
LEAST_GOODPUT = 0.7
# The crowd saves meanwhile; who floods only reads.
CONTESTANTS = 300
PAGE = request("GET", "/", {"Accept": "text/html"})


def flood_all(stack: Stack, scale: Scale) -> Iterator[Outcome]:
    outcome = Outcome("31", "Three times too many")
    span = scale.seconds(20)
    contestants = min(CONTESTANTS, scale.contestants)
    with Sitting(
        stack, name="flood", contestants=contestants, seconds=2 * span + 40, seed=scale.seed
    ) as sitting:
        sitting.wait_until_writing()
        with sitting.window() as base:
            sitting.wait(6)
        # How much it serves when it has just as much to do as it can.
        capacity = flood(stack, sitting, connections=BUSY_CONNECTIONS, seconds=span)
        sitting.wait(2)
        with sitting.window() as window:
            flooded = flood(stack, sitting, connections=TIMES * BUSY_CONNECTIONS, seconds=span)
        after = Window(time.time(), time.time() + 30)
        sitting.wait(max(1.0, sitting.seconds_left - 1))
        told = sitting.finish()
    outcome.done = (
        f"{BUSY_CONNECTIONS} connections that never pause, for {span:.0f} s, then {TIMES} times as many,"
        f" while {contestants} contestants write"
    )
    told.tell_soundness(outcome)
    outcome.tell("served per second when just busy", f"{capacity.rate:.0f}")
    outcome.least(
        "of that, three times over", 100 * flooded.rate / max(1.0, capacity.rate), 100 * LEAST_GOODPUT, " %"
    )
    outcome.tell("answered otherwise than 200", otherwise(flooded.answered), "503 with Retry-After if any")
    outcome.most("saves refused meanwhile", sum(bool(one.error) for one in told.saves(window)), 0)
    outcome.tell("p99 of saving before", f"{told.percentile(0.99, base) * 1000:.0f} ms")
    outcome.tell("p99 of saving meanwhile", f"{told.percentile(0.99, window) * 1000:.0f} ms")
    outcome.most("as before after", settled(told, base, after), 30, " s")
    yield outcome


def flood(stack: Stack, sitting: Sitting, *, connections: int, seconds: float) -> Tally:
    """Ask from a thread, so that the crowd is heard meanwhile."""
    tallies: list[Tally] = []
    thread = threading.Thread(
        target=lambda: tallies.append(drive(stack.web.port, [Same(PAGE)] * connections, seconds)), daemon=True
    )
    thread.start()
    while thread.is_alive():
        sitting.wait(0.2)
    if not tallies:
        raise ConnectionError("the flood broke off: its own lines above say why")
    return tallies[0]


def otherwise(answered: dict[int, int]) -> str:
    found = {status: count for status, count in answered.items() if status != 200}  # noqa: PLR2004
    return ", ".join(f"{status}: {count}" for status, count in sorted(found.items())) or "none"


def settled(told: Told, base: Window, after: Window, step: float = 2.0) -> float:
    """Seconds after the flood until saving was as quick as before it."""
    limit = max(2 * told.percentile(0.99, base), told.percentile(0.99, base) + 0.05)
    begins = after.begins
    while begins < after.ends and told.percentile(0.99, Window(begins, begins + step)) > limit:
        begins += step
    return begins - after.begins

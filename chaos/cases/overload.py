"""Three times as many as the machine can serve. (31, and the second half of 28)"""

import http.client
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.client import Same, Tally, drive, request
from chaos.outcome import Outcome
from chaos.scale import Scale
from chaos.sitting import Sitting, Told, Window
from chaos.stack import Stack

# Enough to keep all threads busy, and three times that.
BUSY_CONNECTIONS = 64
OK, UNAVAILABLE = 200, 503
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
        capacity, _ = flood(stack, sitting, connections=BUSY_CONNECTIONS, seconds=span)
        sitting.wait(2)
        with sitting.window() as window:
            flooded, visits = flood(stack, sitting, connections=TIMES * BUSY_CONNECTIONS, seconds=span)
        after = Window(time.time(), time.time() + 30)
        sitting.wait(max(1.0, sitting.seconds_left - 1))
        told = sitting.finish()
    outcome.done = (
        f"{BUSY_CONNECTIONS} connections that never pause, for {span:.0f} s, then {TIMES} times as many,"
        f" while {contestants} contestants write"
    )
    told.tell_soundness(outcome)
    served = [one.answered[OK] / one.seconds for one in (capacity, flooded)]
    outcome.tell("served per second when just busy", f"{served[0]:.0f}")
    outcome.least(
        "of that, three times over", 100 * served[1] / max(1.0, served[0]), 100 * LEAST_GOODPUT, " %"
    )
    outcome.tell("answered otherwise than 200", otherwise(flooded.answered))
    refusals = [one for one in visits if one.status != OK]
    outcome.tell("visitors who looked in meanwhile", f"{len(visits)}, {len(refusals)} of them refused")
    outcome.must("every refusal is a 503 with Retry-After", holds=all(one.is_polite for one in refusals))
    outcome.most("longest refusal", max((one.seconds for one in refusals), default=0.0), 1, " s")
    outcome.most("saves refused meanwhile", sum(bool(one.error) for one in told.saves(window)), 0)
    outcome.tell("p99 of saving before", f"{told.percentile(0.99, base) * 1000:.0f} ms")
    outcome.tell("p99 of saving meanwhile", f"{told.percentile(0.99, window) * 1000:.0f} ms")
    outcome.most("as before after", settled(told, base, after), 30, " s")
    yield outcome


@dataclass(frozen=True)
class Visit:
    """Somebody who came by while others flooded."""

    status: int
    seconds: float
    retry_after: str

    @property
    def is_polite(self) -> bool:
        return self.status == UNAVAILABLE and self.retry_after.isdigit()


def visit(port: int) -> Visit:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    began = time.monotonic()
    try:
        connection.request("GET", "/")
        response = connection.getresponse()
        response.read()
        return Visit(response.status, time.monotonic() - began, response.headers.get("Retry-After", ""))
    except OSError:
        return Visit(0, time.monotonic() - began, "")
    finally:
        connection.close()


def flood(stack: Stack, sitting: Sitting, *, connections: int, seconds: float) -> tuple[Tally, list[Visit]]:
    """Ask from a thread, so that the crowd is heard meanwhile; and look in now and then, as anybody would."""
    visits = []
    tallies: list[Tally] = []
    thread = threading.Thread(
        target=lambda: tallies.append(drive(stack.web.port, [Same(PAGE)] * connections, seconds)), daemon=True
    )
    thread.start()
    while thread.is_alive():
        sitting.wait(0.5)
        visits.append(visit(stack.web.port))
    if not tallies:
        raise ConnectionError("the flood broke off: its own lines above say why")
    return tallies[0], visits


def otherwise(answered: dict[int, int]) -> str:
    found = {status: count for status, count in answered.items() if status != OK}
    return ", ".join(f"{status}: {count}" for status, count in sorted(found.items())) or "none"


def settled(told: Told, base: Window, after: Window, step: float = 2.0) -> float:
    """Seconds after the flood until saving was as quick as before it."""
    limit = max(2 * told.percentile(0.99, base), told.percentile(0.99, base) + 0.05)
    begins = after.begins
    while begins < after.ends and told.percentile(0.99, Window(begins, begins + step)) > limit:
        begins += step
    return begins - after.begins

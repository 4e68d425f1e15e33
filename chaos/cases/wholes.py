"""The long ones and the side roads: bad lines, soak, probes. (15, 32, 33)"""

import http.client
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from benchmarks.stack import with_descendants
from chaos.cases.lines import last_old
from chaos.outcome import Outcome
from chaos.proxy import Proxy
from chaos.scale import Scale
from chaos.sitting import Sitting, Window
from chaos.stack import Stack

OK, UNAVAILABLE = 200, 503
NARROW = 64_000 / 8
STUDENTS = 500
READY_SECONDS = 1.0
# Where a log goes whose disk is full.
FULL_DEVICE = Path("/dev/full")


def write_over_a_bad_line(stack: Stack, scale: Scale) -> Iterator[Outcome]:
    outcome = Outcome("15", "A bad line")
    span = scale.seconds(90)
    with (
        Proxy(0, stack.web.port, seed=scale.seed) as line,
        Sitting(
            stack,
            name="bad-line",
            contestants=min(STUDENTS, scale.contestants),
            seconds=span + 60,
            seed=scale.seed,
            url=f"http://127.0.0.1:{line.port}",
        ) as sitting,
    ):
        sitting.wait_until_writing()
        with sitting.window() as base:
            sitting.wait(15)
        line.faults.latency, line.faults.jitter = 2.0, 1.0
        line.faults.reset_share, line.faults.bytes_per_second = 0.05, NARROW
        with sitting.window() as window:
            sitting.wait(span)
        line.heal()
        healed_at = time.time()
        sitting.wait(max(1.0, sitting.seconds_left - 1))
        told = sitting.finish()
    outcome.done = f"2 s ± 1 s, 5 % of the requests reset, 64 kbit/s for {span:.0f} s"
    told.tell_soundness(outcome)
    rates = [len(told.saves(one)) / (one.ends - one.begins) for one in (base, window)]
    outcome.tell("saves per second before", f"{rates[0]:.1f}")
    outcome.most(
        "calls per second meanwhile, of those before", 100 * rates[1] / max(0.1, rates[0]), 150, " %"
    )
    outcome.most("all edits on the server after healing", last_old(told, healed_at), 60, " s")
    yield outcome


def soak(stack: Stack, scale: Scale) -> Iterator[Outcome]:
    outcome = Outcome("32", "Soak")
    span = scale.seconds(1200)
    with Sitting(
        stack, name="soak", contestants=max(1, scale.contestants // 2), seconds=span, seed=scale.seed
    ) as sitting:
        sitting.wait_until_writing(settled=min(30.0, span / 4))
        files, connections = count_files(stack), stack.database.count_connections()
        first = Window(time.time(), time.time() + span / 5)
        sitting.wait(max(1.0, sitting.seconds_left - 1))
        last = Window(time.time() - span / 5, time.time())
        more_files, more_connections = count_files(stack), stack.database.count_connections()
        told = sitting.finish()
    outcome.done = f"half of the contestants for {span / 60:.0f} minutes (3 hours asked)"
    told.tell_soundness(outcome)
    # Each contestant keeps a connection or a few; what grows without them would not stop.
    outcome.most("more open files", more_files - files, max(50, files * 0.2))
    outcome.most("more database connections", more_connections - connections, 0)
    early, late = (told.percentile(0.99, window) * 1000 for window in (first, last))
    outcome.tell("p99 in the first fifth", f"{early:.0f} ms")
    outcome.most("p99 in the last fifth", late, max(1.2 * early, early + 20), " ms")
    yield outcome


def count_files(stack: Stack) -> int:
    count = 0
    for pid in with_descendants(stack.web.pid):
        with suppress(FileNotFoundError):
            count += len(list(Path(f"/proc/{pid}/fd").iterdir()))
    return count


def probe_in_trouble(stack: Stack, scale: Scale) -> Iterator[Outcome]:
    outcome = Outcome("33", "Probes, and a log without room")
    stack.cache.freeze()
    status, seconds = probe(stack, "/readyz")
    outcome.must("ready without Redis", holds=status == OK, value=status)
    outcome.most("said so after", seconds, READY_SECONDS, " s")
    stack.cache.thaw()
    stack.database.freeze()
    status, seconds = probe(stack, "/readyz")
    outcome.must("not ready with PostgreSQL frozen", holds=status == UNAVAILABLE, value=status)
    outcome.most("said so after", seconds, READY_SECONDS, " s")
    stack.database.thaw()
    stack.database.stop_at_once()
    stack.cache.stop()
    status, _ = probe(stack, "/healthz")
    outcome.must("alive without both", holds=status == OK, value=status)
    stack.database.start()
    stack.cache.start()
    stack.web.stop()
    stack.web.start(log=FULL_DEVICE, LOG_LEVEL="DEBUG")
    with Sitting(
        stack, name="full-log", contestants=min(20, scale.contestants), seconds=10, seed=scale.seed
    ) as sitting:
        told = sitting.finish()
    outcome.done = "Redis frozen; PostgreSQL frozen; both gone; a log that has no room for a line"
    told.tell_soundness(outcome)
    outcome.most("5xx with a full log", told.server_errors(), 0)
    yield outcome


def probe(stack: Stack, path: str) -> tuple[int, float]:
    connection = http.client.HTTPConnection("127.0.0.1", stack.web.port, timeout=10)
    began = time.monotonic()
    try:
        connection.request("GET", path)
        return connection.getresponse().status, time.monotonic() - began
    except TimeoutError:
        return 0, time.monotonic() - began
    finally:
        connection.close()

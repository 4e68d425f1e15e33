"""More people than connections: the database allows thirty, and all come at once. (8)"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from chaos.outcome import Outcome
from chaos.scale import Scale
from chaos.sitting import Sitting
from chaos.stack import Stack

MOST = 30
REFUSALS = ("too many clients", "remaining connection slots", "too many connections")
# Each thread has two connections, one of them for saving; see gunicorn.conf.py.
CONNECTIONS_OF_A_THREAD = 2
SPARE = 5
LOOKS_EVERY = 0.1


def storm(stack: Stack, scale: Scale) -> Iterator[Outcome]:
    outcome = Outcome("8", "Fifteen hundred at once, thirty connections")
    stack.web.stop()
    stack.database.stop()
    stack.database.start(max_connections=str(MOST))
    seen = len(stack.database.read_log())
    stack.web.start(WEB_CONCURRENCY="1")  # two processes would not start: they are asked for too many
    with (
        counted_connections(stack) as counts,
        Sitting(
            stack,
            name="storm",
            contestants=scale.contestants,
            seconds=scale.seconds(20),
            seed=scale.seed,
            burst=1,
        ) as sitting,
    ):
        told = sitting.finish()
    log = stack.database.read_log()[seen:]
    threads = threads_of(stack)
    outcome.done = (
        f"max_connections = {MOST}; {scale.contestants:,} enter within one second, write and hand in"
    )
    told.tell_soundness(outcome)
    outcome.most("refused by PostgreSQL", sum(log.count(words) for words in REFUSALS), 0)
    outcome.most(
        "connections of the application, most", max(counts), CONNECTIONS_OF_A_THREAD * threads + SPARE
    )
    outcome.tell("threads", threads, "workers x threads; two connections each")
    outcome.most("5xx", told.server_errors(), 0)
    yield outcome


def threads_of(stack: Stack) -> int:
    """Workers that live, times the threads that the product's settings give each."""
    product = stack.web.read_settings()
    return len(stack.web.workers()) * int(product["threads"])


@contextmanager
def counted_connections(stack: Stack) -> Iterator[list[int]]:
    """Look again and again, from a thread; the list grows meanwhile."""
    counts, ended = [0], threading.Event()

    def look() -> None:
        while not ended.is_set():
            try:
                counts.append(stack.database.count_connections())
            except psycopg.OperationalError:
                counts.append(MOST + 1)  # there was no room even for us
            time.sleep(LOOKS_EVERY)

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield counts
    finally:
        ended.set()
        thread.join(10)

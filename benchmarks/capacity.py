"""How much machine an exam needs, from measured figures: the tables of docs/scaling.md.

    .venv/bin/python -m benchmarks.capacity

Every figure that is put in has its name and its source here; what comes out is arithmetic.
"""

import sys
from dataclasses import dataclass
from math import ceil

THREADS = 6
CONNECTIONS_PER_THREAD = 2
MINUTE = 60
GB = 1_000_000_000


@dataclass(frozen=True)
class Figures:
    """What one contestant does and what it costs; times in seconds, CPU in milliseconds."""

    saves_per_minute: float = 6  # measured at 4 to 6 while typing
    heartbeats_per_minute: float = 2  # one every 30 s; while typing the saves stand for them
    save_ms: float = 2.6  # application and database, measured at 2 to 2.6; a heartbeat is counted as one
    database_share: float = 0.3  # of it, in PostgreSQL's processes; assumed
    opening_ms: float = 150  # entry, cover, start and paper together; assumed, measure it on your machine
    opening_seconds: float = 60  # in which everybody comes
    bytes_per_revision: int = 620  # table and indexes, texts of 300 characters; measured
    log_per_save: int = 1600  # PostgreSQL's log, before compression; measured
    exam_hours: float = 3
    hours_around: float = 2  # when it is up before and after
    load: float = 0.5  # how busy a core may be, on average


@dataclass(frozen=True)
class Need:
    """What comes out for so many contestants."""

    contestants: int
    requests_per_second: float
    busy_cores: float
    web_processes: int
    database_cores: int
    opening_cores: float
    connections: int
    revisions_gb: float
    log_gb: float
    core_hours: float


def need(contestants: int, figures: Figures = Figures()) -> Need:
    """The formulas, one line each; docs/scaling.md shows them."""
    requests = contestants * (figures.saves_per_minute + figures.heartbeats_per_minute) / MINUTE
    busy = requests * figures.save_ms / 1000
    processes = max(2, ceil(busy * (1 - figures.database_share) / figures.load))
    database = max(1, ceil(busy * figures.database_share / figures.load))
    saves = contestants * figures.saves_per_minute * MINUTE * figures.exam_hours
    return Need(
        contestants=contestants,
        requests_per_second=requests,
        busy_cores=busy,
        web_processes=processes,
        database_cores=database,
        opening_cores=contestants * figures.opening_ms / 1000 / figures.opening_seconds,
        connections=processes * THREADS * CONNECTIONS_PER_THREAD,
        revisions_gb=saves * figures.bytes_per_revision / GB,
        log_gb=saves * figures.log_per_save / GB,
        core_hours=(processes + database) * (figures.exam_hours + figures.hours_around),
    )


def table(sizes: tuple[int, ...] = (1_500, 15_000, 150_000)) -> str:
    """The answer for a school's, a country's and a continent's exam, in Markdown."""
    needs = [need(size) for size in sizes]
    lines = [
        ("contestants", [f"{one.contestants:,}" for one in needs]),
        ("saves and heartbeats a second", [f"{one.requests_per_second:,.0f}" for one in needs]),
        ("cores that are busy, steady", [f"{one.busy_cores:.1f}" for one in needs]),
        ("web processes, a core each", [f"{one.web_processes}" for one in needs]),
        ("cores for PostgreSQL", [f"{one.database_cores}" for one in needs]),
        ("cores that are busy while all come in one minute", [f"{one.opening_cores:.0f}" for one in needs]),
        ("connections", [f"{one.connections}" for one in needs]),
        ("revisions, GB", [f"{one.revisions_gb:.1f}" for one in needs]),
        ("log, GB before compression", [f"{one.log_gb:.1f}" for one in needs]),
        ("core-hours for one exam", [f"{one.core_hours:,.0f}" for one in needs]),
    ]
    head, *rows = [f"| {name} | {' | '.join(values)} |" for name, values in lines]
    return "\n".join([head, f"|---|{'---:|' * len(sizes)}", *rows])


if __name__ == "__main__":
    sys.stdout.write(f"{table()}\n")

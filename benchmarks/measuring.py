"""Round by round: ask, and write down what it cost whom."""

import argparse
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from multiprocessing import get_context
from typing import Any

import psycopg
import redis
from django.conf import settings
from django.db import connections as databases
from django.test import Client
from django.test.utils import CaptureQueriesContext

from benchmarks import client, pgbench, room, stack
from benchmarks.client import Tally
from benchmarks.scenarios import Scenario, everything_kept, heartbeat, refuse_wrong_answers, scenarios
from benchmarks.stack import MachineTime, Server

WARMING_SECONDS = 0.3
PARTS = ("application", "database", "redis", "client")


@dataclass(frozen=True)
class Figure:
    """One scenario in one round: answers per second, CPU for one answer, and how long it took."""

    rate: float
    cpu_ms: Mapping[str, float]
    p50_ms: float
    p99_ms: float
    client_share: float  # of one core
    elsewhere: float  # cores busy with what is not ours
    stolen: float  # cores that the host gave to others
    largest: int


@dataclass
class Figures:
    """All of a run."""

    about: Mapping[str, Any]
    rounds: dict[str, list[Figure]] = field(default_factory=dict)
    statements: Mapping[str, int] = field(default_factory=dict)
    memory_mb: float = 0
    held: int = 0
    whole: bool = False

    def as_tree(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Groups:
    """Who consumes: the first process of each group; None where it is on another machine."""

    database: int | None
    redis: int | None

    def cpu(self, server: Server | None) -> dict[str, float]:
        pids = {"application": server and server.pid, "database": self.database, "redis": self.redis}
        return {part: stack.cpu_ms(pid) if pid else 0.0 for part, pid in pids.items()}


def measure(options: argparse.Namespace, *, machine: str, say: Callable[[str], None]) -> Figures:
    now = datetime.now(tz=UTC)
    say(f"Furnishing a room of {options.contestants} contestants.")
    furnished = room.furnish(options.contestants, now=now)
    pgbench_seats = furnished.seats[: pgbench.CLIENTS]
    pgbench.prepare(pgbench_seats)
    sitting = room.Room(furnished.exam_id, furnished.problem_count, furnished.seats[pgbench.CLIENTS :])
    figures = Figures(about=describe(options, machine, now))
    groups = Groups(database=stack.database_pid(), redis=redis_pid())
    references: list[tuple[str, Callable[[float, int], Tally]]] = [
        ("pgbench, one guarded upsert", lambda s, run: pgbench.measure_upsert(pgbench_seats, s, run)),
        ("pgbench, our save of one", lambda s, run: pgbench.measure_ours(pgbench_seats, s, run)),
    ]
    wanted = [part for part in options.only.split(",") if part]
    asked = [one for one in scenarios(sitting, options.connections) if is_wanted(one.name, wanted)]
    with ExitStack() as stacked:
        servers = {
            "product": stacked.enter_context(stack.serve()),
            "plain": stacked.enter_context(stack.serve(DJANGO_SETTINGS_MODULE="benchmarks.settings_plain")),
            "bare": stacked.enter_context(stack.serve("benchmarks.bare:application")),
        }
        crowd = stacked.enter_context(ProcessPoolExecutor(1, mp_context=get_context("spawn")))
        for turn in range(options.rounds):
            say(f"Round {turn + 1} of {options.rounds}.")
            for place, (name, drive) in enumerate(references):
                if is_wanted(name, wanted):
                    run = options.seed * 100_000 + turn * 100 + place
                    figure = weigh(groups, None, lambda d=drive, r=run: d(options.seconds, r))
                    figures.rounds.setdefault(name, []).append(figure)
            for place, scenario in enumerate(asked):
                figure = ask(
                    scenario,
                    server=servers[scenario.server],
                    crowd=crowd,
                    groups=groups,
                    seconds=options.seconds,
                    run=options.seed * 100_000 + turn * 100 + 50 + place,
                )
                figures.rounds.setdefault(scenario.name, []).append(figure)
        questions = [client.Same(heartbeat(one)) for one in sitting.seats]
        figures.held = crowd.submit(client.hold, servers["product"].port, questions).result()
        figures.memory_mb = stack.memory_mb(servers["product"].pid)
        crowd.submit(client.let_go).result()
    figures.whole = everything_kept()
    figures.statements = count_statements(sitting.seats[-1])
    return figures


def is_wanted(name: str, wanted: Sequence[str]) -> bool:
    return not wanted or any(part in name for part in wanted)


def ask(
    scenario: Scenario,
    *,
    server: Server,
    crowd: ProcessPoolExecutor,
    groups: Groups,
    seconds: float,
    run: int,
) -> Figure:
    scenario.before()
    if scenario.name != "hand in":  # those are only so many
        crowd.submit(client.drive, server.port, scenario.ask(run * 2), WARMING_SECONDS).result()
    before = scenario.count_kept() if scenario.count_kept else None
    askings = scenario.ask(run * 2 + 1)
    tallies: list[Tally] = []

    def drive() -> Tally:
        tallies.append(crowd.submit(client.drive, server.port, askings, seconds).result())
        return tallies[0]

    figure = weigh(groups, server, drive)
    kept = None if before is None or scenario.count_kept is None else scenario.count_kept() - before
    refuse_wrong_answers(scenario, tallies[0], kept)
    return figure


def weigh(groups: Groups, server: Server | None, drive: Callable[[], Tally]) -> Figure:
    before, machine_before = groups.cpu(server), MachineTime.now()
    tally = drive()
    machine, after = MachineTime.now(), groups.cpu(server)
    spent = {part: after[part] - before[part] for part in before} | {"client": tally.cpu_ms}
    times = sorted(tally.milliseconds) or [0.0]
    wall_ms = tally.seconds * 1000
    return Figure(
        rate=tally.rate,
        cpu_ms={part: spent[part] / tally.count for part in PARTS},
        p50_ms=times[len(times) // 2],
        p99_ms=times[len(times) * 99 // 100],
        client_share=tally.cpu_ms / wall_ms,
        elsewhere=max(machine.busy - machine_before.busy - sum(spent.values()), 0) / wall_ms,
        stolen=(machine.stolen - machine_before.stolen) / wall_ms,
        largest=tally.largest,
    )


def redis_pid() -> int | None:
    if not settings.REDIS_URL.startswith("unix:"):
        return None
    return int(redis.Redis.from_url(settings.REDIS_URL).info("server")["process_id"])


def count_statements(seat: room.Seat) -> dict[str, int]:
    """SQL statements of one call on both connections, counted in this process after one to warm up.

    What only opens or ends a transaction is left out.
    """
    browser = Client(enforce_csrf_checks=False, headers={"host": "localhost"})
    browser.cookies.load(seat.cookies)
    edit = {"op": f"00000000-0000-4000-8000-{1:012x}", "number": 7, "text": "42", "based_on": 0}
    body = json_body(seat, [edit])
    headers = {"authorization": f"Bearer {seat.save_token}"}
    room.reopen([seat])

    def save(body: Mapping[str, Any]) -> Any:
        return browser.post("/exam/save/", body, content_type="application/json", headers=headers)

    calls: dict[str, tuple[Callable[[], Any], int]] = {
        "heartbeat": (lambda: save(json_body(seat, [])), 200),
        "save": (lambda: save(body), 200),
        "paper page": (lambda: browser.get("/exam/paper/"), 200),
        "enter with a key": (lambda: browser.post("/enter/", {"key": seat.key}), 302),
        "hand in": (lambda: browser.post("/exam/submit/"), 302),
    }
    counted = {}
    for name, (call, status) in calls.items():
        if name != "hand in":
            call()
        with (
            CaptureQueriesContext(databases["default"]) as one,
            CaptureQueriesContext(databases["saves"]) as two,
        ):
            response = call()
        if response.status_code != status:
            raise SystemExit(f"{name}: {response.status_code} while counting statements.")
        counted[name] = sum(query["sql"] not in ("BEGIN", "COMMIT") for query in [*one, *two])
    databases.close_all()
    return counted


def json_body(seat: room.Seat, edits: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {"device": str(seat.device), "notices": 0, "edits": list(edits)}


def describe(options: argparse.Namespace, machine: str, now: datetime) -> dict[str, Any]:
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        server = connection.info.server_version // 10_000
        names = ("fsync", "synchronous_commit", "full_page_writes")
        durable = {
            name: connection.execute("SELECT current_setting(%s)", [name]).fetchone() for name in names
        }
    chosen = ("seconds", "rounds", "connections", "contestants", "seed")
    return {
        "at": now.isoformat(timespec="minutes"),
        "commit": stack.describe_commit(),
        "machine": machine,
        "postgresql": server,
        "durability": {name: row and row[0] for name, row in durable.items()},
        "pgbench": pgbench.version(),
        "options": {name: getattr(options, name) for name in chosen},
    }

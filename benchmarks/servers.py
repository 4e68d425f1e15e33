"""What gunicorn's settings give: the save under several numbers of processes and threads, in turn.

.venv/bin/python -m benchmarks.servers --seconds 3 --rounds 3
"""

import argparse
import logging
import os
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime
from multiprocessing import get_context
from statistics import median

from benchmarks import stack
from benchmarks.bench import say

DATABASE = "bench_servers"
CONNECTIONS = 64
# Processes and threads.
SETTINGS = [(1, 4), (2, 1), (2, 2), (2, 4), (2, 8), (2, 16), (3, 4), (4, 4)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.settings"
    from examgrader import localservices  # noqa: PLC0415 - before Django reads the settings

    localservices.attach(even_with_database=True)
    say(stack.describe_machine())
    with stack.own_database(DATABASE):
        import django  # noqa: PLC0415

        django.setup()
        logging.disable(logging.WARNING)
        from django.core.management import call_command  # noqa: PLC0415

        call_command("migrate", verbosity=0)
        sweep(options)


def sweep(options: argparse.Namespace) -> None:
    from benchmarks import measuring, room  # noqa: PLC0415 - they need Django's models
    from benchmarks.scenarios import scenarios  # noqa: PLC0415

    furnished = room.furnish(2 * CONNECTIONS, now=datetime.now(tz=UTC))
    save = next(one for one in scenarios(furnished, CONNECTIONS) if one.name == "save")
    groups = measuring.Groups(database=stack.database_pid(), redis=None)
    found: dict[str, list[measuring.Figure]] = {}
    with ExitStack() as stacked:
        crowd = stacked.enter_context(ProcessPoolExecutor(1, mp_context=get_context("spawn")))
        for turn in range(options.rounds):
            for place, (workers, threads) in enumerate(SETTINGS):
                name = f"{workers} × {threads}"
                arguments = ["--workers", str(workers), "--threads", str(threads)]
                with stack.serve(arguments=arguments) as server:
                    figure = measuring.ask(
                        save,
                        server=server,
                        crowd=crowd,
                        groups=groups,
                        seconds=options.seconds,
                        run=1000 + turn * 100 + place,
                    )
                found.setdefault(name, []).append(figure)
    say("| processes × threads | saves per second | CPU ms (application + database) | p50 ms | p99 ms |")
    say("|---|---:|---:|---:|---:|")
    for name, figures in found.items():
        spent = median(one.cpu_ms["application"] + one.cpu_ms["database"] for one in figures)
        times = [median(one.p50_ms for one in figures), median(one.p99_ms for one in figures)]
        rate = median(one.rate for one in figures)
        say(f"| {name} | {rate:,.0f} | {spent:.2f} | {times[0]:.0f} | {times[1]:.0f} |")


if __name__ == "__main__":
    main()

"""`make plans`: every SQL statement of the six hot paths, with PostgreSQL's plan and what it read.

    make plans                              (ARGS="--contestants 1500 --problems 30 --revisions 20")

The statements are not written down here: each path is walked once by the product's own code, and what it
asks is asked again under EXPLAIN. Both happen in transactions that are rolled back, so that every path finds
the same rows. Most papers are handed in and queued for grading; the others are being written.
"""

import argparse
import logging
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks.plan_page import Planned, write_page

DATABASE = "plans"
# History and savepoints are set up by statements that read nothing.
PLANNED = re.compile(r"^\s*(SELECT|INSERT|UPDATE|DELETE|WITH)\b", re.IGNORECASE)
HISTORY = re.compile(r"^SELECT set_config\('pghistory\.context_id'.*?, true\); ", re.DOTALL)


def main() -> None:
    options = read_options()
    os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.settings"
    from examgrader import demo, localservices  # noqa: PLC0415 - before Django reads the settings

    localservices.attach(even_with_database=True)
    from benchmarks import stack  # noqa: PLC0415

    with stack.own_database(DATABASE):
        import django  # noqa: PLC0415

        django.setup()
        logging.disable(logging.WARNING)
        from django.core.management import call_command  # noqa: PLC0415
        from django.db import connections  # noqa: PLC0415

        demo.collect_static_files()
        call_command("migrate", verbosity=0)
        # One connection for both, so that a transaction holds what either of them does.
        connections["saves"] = connections["default"]
        from benchmarks.plan_rows import furnish  # noqa: PLC0415 - it needs Django's models

        say(f"Making {options.contestants * options.problems * options.revisions} revisions.")
        found = {name: plans_of(walk) for name, walk in furnish(options).items()}
    options.out.write_text(write_page(options, found, stack.describe_commit()))
    say(f"Wrote {options.out}.")
    slow = [(name, one.read_whole_in_vain) for name, planned in found.items() for one in planned]
    if faults := [f"{name} reads {', '.join(tables)} whole" for name, tables in slow if tables]:
        sys.exit("; ".join(faults))


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--contestants", type=int, default=1500)
    parser.add_argument("--problems", type=int, default=30)
    parser.add_argument("--revisions", type=int, default=20)
    parser.add_argument("--out", type=Path, default=Path("docs/plans.md"))
    return parser.parse_args()


def plans_of(walk: Callable[[], object]) -> list[Planned]:
    """Walk a path once and note what it asks; then ask the same, in the same order, under EXPLAIN."""
    from django.db import connection, transaction  # noqa: PLC0415
    from django.test.utils import CaptureQueriesContext  # noqa: PLC0415

    with transaction.atomic(), CaptureQueriesContext(connection) as captured:
        walk()
        transaction.set_rollback(True)
    statements = [HISTORY.sub("", query["sql"]) for query in captured.captured_queries]
    found = []
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in statements:
            if PLANNED.match(statement):
                cursor.execute("EXPLAIN (ANALYZE, BUFFERS) " + statement.replace("%", "%%"), ())
                found.append(Planned(statement.strip(), "\n".join(row[0] for row in cursor.fetchall())))
        transaction.set_rollback(True)
    return found


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()

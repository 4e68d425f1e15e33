"""`make bench`: the figures of a sitting beside the references of the same machine in the same minutes.

    make bench                              (ARGS="--seconds 4 --rounds 5 --json var/bench.json")

gunicorn in production settings, PostgreSQL with fsync on, a database of its own that is made anew. Each
round asks everything once, so that a slow minute of the machine falls on all of it; ratios are taken within
a round, and the medians over the rounds are told.
"""

import argparse
import json
import logging
import os
import sys
from pathlib import Path

DATABASE = "bench"


def main() -> None:
    options = read_options()
    os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.settings"
    from examgrader import demo, localservices  # noqa: PLC0415 - before Django reads the settings

    localservices.attach(even_with_database=True)
    from benchmarks import stack  # noqa: PLC0415

    machine = stack.describe_machine()  # before we load it ourselves
    with stack.own_database(DATABASE):
        import django  # noqa: PLC0415

        django.setup()
        logging.disable(logging.WARNING)
        from django.core.management import call_command  # noqa: PLC0415

        say("Preparing a database and the static files.")
        demo.collect_static_files()
        call_command("migrate", verbosity=0)
        from benchmarks import measuring, table  # noqa: PLC0415 - they need Django's models

        figures = measuring.measure(options, machine=machine, say=say)
    text = table.write(figures)
    say("\n" + text)
    if options.json:
        options.json.write_text(json.dumps(figures.as_tree(), indent=1) + "\n")
    if options.markdown:
        options.markdown.write_text(table.write_markdown(figures))


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seconds", type=float, default=4, help="how long each thing is asked in a round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--contestants", type=int, default=1500)
    parser.add_argument("--only", default="", help="only scenarios whose name holds one of these, by commas")
    parser.add_argument("--seed", type=int, default=1, help="of the ids that edits get")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures of all rounds")
    parser.add_argument(
        "--markdown", type=Path, metavar="FILE", help="write the tables of docs/performance.md"
    )
    return parser.parse_args()


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()

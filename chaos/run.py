"""`make chaos`: every case, then the seeded defects; figures into docs/reliability.md.

    make chaos                                        half an hour
    CHAOS=full make chaos                             the long ones too
    make chaos ARGS="--only workers,redis --pace 0.2" some of it, quickly

Leaves with 1 if a promise was broken or a defect was not caught.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import resource
import signal
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from chaos import report, seeding
from chaos.outcome import Outcome
from chaos.scale import Scale
from chaos.stack import Stack, own_stack

if TYPE_CHECKING:
    from chaos.cases import Case

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "reliability.md"
FIGURES = ROOT / "docs" / "reliability.json"


class TookTooLong(Exception):
    """A case did not come to an end."""


def main() -> None:
    options = read_options()
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    open_many_files()
    os.environ["DJANGO_SETTINGS_MODULE"] = "examgrader.settings"
    began = time.time()
    about = report.about(options.seed, options.contestants, options.pace)
    with own_stack(template=options.template, keep=options.keep) as stack:
        outcomes = list(run_cases(stack, options))
        if options.with_defects:
            stack.stop()
            catching = seeding.catch_all(
                options.with_defects,
                template=options.template or prepared(stack),
                seed=options.seed,
                healthy=outcomes,
                say=say,
            )
            catches = list(catching)
        else:
            catches = []
    from chaos.cases import CASES  # noqa: PLC0415 - Django is set up by now

    left_out = [case.tests for case in CASES if case.when == "full" and not options.full]
    results = report.Results(about, outcomes, catches, time.time() - began, left_out)
    if options.json:
        options.json.write_text(json.dumps(results.as_tree(), indent=1) + "\n")
    if options.write:
        PAGE.write_text(report.page(results))
        FIGURES.write_text(json.dumps(results.as_tree(), indent=1, ensure_ascii=False) + "\n")
        say(f"Written: {PAGE.relative_to(ROOT)}, {FIGURES.relative_to(ROOT)}")
    say(report.summary(results))
    sys.exit(not results.hold)


def run_cases(stack: Stack, options: argparse.Namespace) -> Iterator[Outcome]:
    say(f"A database, a cache and a web server of our own in {stack.folder}.")
    collect = "STATIC_ROOT" not in os.environ
    # A folder of our own: a demo beside us may be collecting too.
    os.environ.setdefault("STATIC_ROOT", str(stack.folder / "static"))
    import django  # noqa: PLC0415 - the stack had to name its servers first

    django.setup()
    logging.disable(logging.WARNING)
    from chaos import exam  # noqa: PLC0415
    from chaos.cases import CASES  # noqa: PLC0415
    from examgrader import demo  # noqa: PLC0415

    if collect:
        demo.manage("collectstatic", "--no-input", "--verbosity", "0")
    if options.template is None:
        exam.prepare_database()
        if options.with_defects:
            # Now, while it is small: each copy of the tree gets a copy of it.
            stack.database.stop()
            stack.database.keep_as(prepared(stack))
            stack.database.start()
    scale = Scale(options.contestants, options.pace, options.seed, options.full)
    stack.web.start()
    for case in CASES:
        if not is_wanted(case.name, case.when, options):
            continue
        say(f"{datetime.now(UTC):%H:%M:%S}  {case.name} ({case.tests})")
        for outcome in run_case(case, stack, scale):
            say(report.line(outcome))
            yield outcome


def prepared(stack: Stack) -> Path:
    return stack.folder / "template"


def run_case(case: Case, stack: Stack, scale: Scale) -> Iterator[Outcome]:
    """Its outcomes, and one more that tells why, if it broke off. Afterwards the stack is well again."""
    began = time.time()
    try:
        with at_most(case.seconds * max(1.0, scale.pace)):
            for outcome in case.run(stack, scale):
                outcome.case, outcome.seconds = case.name, time.time() - began
                yield outcome
    except Exception as error:  # noqa: BLE001 - the other cases are still to be told
        traceback.print_exc()
        words = f"{type(error).__name__}: {error}".strip()[:500]
        yield Outcome(case.tests, case.name, error=words, seconds=time.time() - began, case=case.name)
    stack.restore()


def is_wanted(name: str, when: str, options: argparse.Namespace) -> bool:
    if options.only:
        return name in options.only
    return when == "always" or (when == "full" and options.full)


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    def ring(_number: int, _frame: FrameType | None) -> None:
        raise TookTooLong(f"not over after {seconds:.0f} s")

    signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def open_many_files() -> None:
    """A connection for each contestant, on both sides of a proxy."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--only", type=names, default=[], help="only these cases, by commas; see chaos/cases")
    parser.add_argument("--contestants", type=int, default=1500)
    parser.add_argument("--minutes", type=float, default=30, help="about how long all usual cases last (30)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--full", action="store_true", default=os.environ.get("CHAOS") == "full", help="long ones too"
    )
    parser.add_argument(
        "--defects", nargs="?", type=names, const=["all"], default=None, metavar="NAMES",
        help="only the seeded defects, all or these",
    )  # fmt: skip
    parser.add_argument(
        "--no-write", dest="write", action="store_false", help="leave docs/reliability.md as it is"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="the figures, for programs")
    parser.add_argument(
        "--template", type=Path, help=argparse.SUPPRESS
    )  # a database that is prepared already
    parser.add_argument("--keep", action="store_true", help="leave the temporary folder to look at")
    options = parser.parse_args()
    options.pace = options.minutes / 30
    is_whole = not options.only and options.defects is None
    options.write = options.write and is_whole and options.template is None
    options.with_defects = ["all"] if is_whole else options.defects or []
    if options.defects is not None and not options.only:
        options.only = ["none"]
    return options


def names(text: str) -> list[str]:
    return [name for name in text.split(",") if name]


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()

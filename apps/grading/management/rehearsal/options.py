"""What a rehearsal may be told on the command line, and what that comes to."""

import os
from argparse import ArgumentTypeError
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import CommandError, CommandParser

from apps.exams.models import Exam
from apps.grading.management.rehearsal import report
from apps.grading.management.rehearsal.schedule import STEPS, Course
from apps.grading.rules.rehearsal.verdict import Limits

LOOPBACK = {"localhost", "127.0.0.1", "::1"}
SHORT_BURST = 30.0
PAGE_LIMIT, PAGE_LIMIT_OF_SHORT_BURST = 3_000.0, 10_000.0


def positive(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise ArgumentTypeError(f"{text} is not a number above 0")
    return value


def web_address(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ArgumentTypeError(f"{text} is not an address; an example is https://exam.example.org")
    return f"{parts.scheme}://{parts.netloc}"


def add_arguments(parser: CommandParser) -> None:
    parser.add_argument("exam", metavar="EXAM", help="the exam's slug")
    parser.add_argument("--contestants", type=int, default=0, metavar="N", help="how many sit")
    parser.add_argument(
        "--url",
        type=web_address,
        default=settings.PUBLIC_URL,
        help="the deployment to rehearse (default: PUBLIC_URL)",
    )
    parser.add_argument(
        "--burst", type=positive, default=60.0, metavar="S", help="all enter within S seconds (60)"
    )
    parser.add_argument(
        "--minutes", type=positive, default=5.0, metavar="M", help="they write for M minutes (5)"
    )
    parser.add_argument(
        "--closing", type=positive, default=30.0, metavar="S", help="all hand in within S seconds (30)"
    )
    parser.add_argument(
        "--herd",
        type=positive,
        default=60.0,
        metavar="S",
        help="all contestants and as many parents read the result within S seconds (60)",
    )
    parser.add_argument("--find-limit", action="store_true", help="look for the most that can write at once")
    parser.add_argument(
        "--step", type=positive, default=40.0, metavar="S", help=f"of {STEPS} steps of that search (40)"
    )
    parser.add_argument(
        "--save-limit", type=positive, default=500.0, metavar="MS", help="saving is too slow above (500)"
    )
    parser.add_argument(
        "--page-limit",
        type=positive,
        metavar="MS",
        help="a page is too slow above (3000; 10000 if all enter within less than 30 seconds)",
    )
    parser.add_argument("--seed", type=int, default=1, help="repeat a rehearsal: same texts, same order (1)")
    parser.add_argument(
        "--processes",
        type=int,
        default=os.cpu_count() or 1,
        metavar="N",
        help="of the crowd; one per core",
    )
    parser.add_argument(
        "--no-assets",
        action="store_true",
        help="styles and scripts come from elsewhere; do not ask for them",
    )
    parser.add_argument("--out", type=Path, metavar="DIR", help="a new folder for report and journals")
    parser.add_argument("--clean", action="store_true", help="only remove what earlier rehearsals left")


def new_folder(wanted: Path | None, slug: str, now: datetime) -> Path:
    """A folder that was not there: an older report is never overwritten, and journals never mixed."""
    folder = wanted or settings.BASE_DIR / "var" / "rehearsals" / f"{slug}-{now:%Y%m%d-%H%M%S}"
    try:
        folder.mkdir(parents=True)
    except FileExistsError as error:
        raise CommandError(f"{folder} exists already; name a new folder.") from error
    except OSError as error:
        raise CommandError(f"{folder}: {error.strerror}") from error
    return folder


def course_of(options: dict[str, Any]) -> Course:
    return Course(options["burst"], options["minutes"] * 60, options["closing"], options["herd"])


def limits_of(options: dict[str, Any]) -> Limits:
    of_page = PAGE_LIMIT if options["burst"] >= SHORT_BURST else PAGE_LIMIT_OF_SHORT_BURST
    return Limits(options["save_limit"] / 1000, (options["page_limit"] or of_page) / 1000)


def is_here(url: str) -> bool:
    """Whether the deployment is on this machine, so that its processors are seen from here."""
    return urlsplit(url).hostname in LOOPBACK


def setting_of(exam: Exam, options: dict[str, Any]) -> report.Setting:
    return report.Setting(
        exam=exam.slug,
        title=exam.title,
        url=options["url"],
        version=settings.VERSION,
        contestants=options["contestants"],
        processes=options["processes"],
        seed=options["seed"],
        loads_assets=not options["no_assets"],
        burst_seconds=options["burst"],
        writing_minutes=options["minutes"],
        closing_seconds=options["closing"],
        herd_seconds=options["herd"],
        is_search=options["find_limit"],
    )

"""`manage.py import_roster EXAM FILE [--dry-run]`"""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from apps.access.management.arguments import (
    add_exam_argument,
    exam_named,
    refusals_as_errors,
    table_from,
)
from apps.access.rules.roster import COLUMNS
from apps.access.services.roster import import_roster


class Command(BaseCommand):
    help = (
        "Create or update contestants from a CSV (UTF-8, comma or semicolon) or XLSX file and register them "
        f"for the exam: all of it or nothing. Columns: {', '.join(COLUMNS)}; only external_id is required."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        add_exam_argument(parser)
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument("--time-block", default="", metavar="NAME", help="for new rows that name none")
        parser.add_argument("--dry-run", action="store_true", help="check everything, write nothing")

    def handle(self, *, exam: str, file: Path, time_block: str, dry_run: bool, **options: Any) -> None:
        with refusals_as_errors():
            report = import_roster(
                exam_id=exam_named(exam),
                table=table_from(file),
                time_block=time_block,
                actor=None,
                dry_run=dry_run,
            )
        self.stderr.write(f"{'Nothing was written. ' if dry_run else ''}{report}", self.style.SUCCESS)

"""`manage.py generate_keys EXAM (--count N | --roster FILE)`"""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, transaction
from django.utils import timezone
from django.utils.translation import ngettext
from rich.console import Console
from rich.progress import track

from apps.access.management.arguments import (
    add_exam_argument,
    exam_named,
    refusals_as_errors,
    table_from,
)
from apps.access.services import issuing
from apps.access.services.issuing import IssuedKey
from apps.access.services.roster import import_roster
from apps.access.services.slips import keys_csv
from apps.core.counting import counted
from apps.core.files import new_private_file


class Command(BaseCommand):
    help = (
        "Issue one access key per contestant and write the keys, once, to a CSV file (or to stdout). "
        "A key is stored nowhere: keep the file until the slips are printed."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        add_exam_argument(parser)
        who = parser.add_mutually_exclusive_group(required=True)
        who.add_argument("--count", type=int, metavar="N", help="N contestants known by their number alone")
        who.add_argument(
            "--roster",
            type=Path,
            metavar="FILE",
            help="contestants of a CSV or XLSX file, imported first",
        )
        parser.add_argument(
            "--time-block", default="", metavar="NAME", help="where the exam has several, or a row names none"
        )
        parser.add_argument("--out", type=Path, metavar="FILE", help="a new file, for your eyes only (0600)")
        parser.add_argument(
            "--replace",
            action="store_true",
            help="with --roster: also who has a key gets a new one, and the old one is revoked",
        )
        parser.add_argument(
            "--tester",
            action="store_true",
            help="with --count: keys that open the paper early and are never counted",
        )

    def handle(self, *, exam: str, count: int | None, out: Path | None, **options: Any) -> None:
        if options["tester"] and count is None:
            raise CommandError("--tester goes with --count.")
        if options["replace"] and count is not None:
            raise CommandError("--replace goes with --roster.")
        exam_id = exam_named(exam)
        try:
            # The keys are on the disk before the transaction ends: none is valid that nobody has.
            with refusals_as_errors(), transaction.atomic(), self.destination(out) as write:
                if count is not None:
                    issued = self.issue_by_count(exam_id, count, **options)
                else:
                    issued = self.issue_for_roster(exam_id, **options)
                write(keys_csv(issued))
        except DatabaseError as error:
            # Only a commit that broke off leaves the file: whether it came through is not known.
            kept = f" {out} is kept: its keys may be valid." if out and out.exists() else ""
            raise CommandError(f"The database did not confirm that keys were issued.{kept}") from error
        place = f" and written to {out}" if out else ""
        told = f"{counted(len(issued), 'key')} issued{place}, batch {issued[0].batch}."
        self.stderr.write(told, self.style.SUCCESS)

    def issue_by_count(
        self, exam_id: int, count: int, *, time_block: str, tester: bool, **options: Any
    ) -> list[IssuedKey]:
        return issuing.issue_anonymous_keys(
            exam_id=exam_id,
            count=count,
            time_block=time_block,
            tester=tester,
            actor=None,
            now=timezone.now(),
            progress=with_progress,
        )

    def issue_for_roster(
        self, exam_id: int, *, roster: Path, time_block: str, replace: bool, **options: Any
    ) -> list[IssuedKey]:
        report = import_roster(exam_id=exam_id, table=table_from(roster), time_block=time_block, actor=None)
        issued = issuing.issue_keys_for(
            exam_id=exam_id,
            registration_ids=report.registration_ids,
            replace=replace,
            actor=None,
            now=timezone.now(),
            progress=with_progress,
        )
        self.stderr.write(str(report), self.style.SUCCESS)
        if kept := report.row_count - len(issued):
            words = ngettext(
                "%d contestant has a key and keeps it", "%d contestants have a key and keep it", kept
            )
            self.stderr.write(f"{words % kept} (--replace issues new ones).", self.style.SUCCESS)
        return issued

    @contextmanager
    def destination(self, out: Path | None) -> Iterator[Any]:
        """A function that writes the table where it was asked for; a failure undoes the issuing."""
        try:
            if out is None:
                yield self.stdout.write
                self.stdout.flush()
            else:
                with new_private_file(out) as stream:
                    yield lambda text: stream.write(text.encode())
        except FileExistsError as error:
            raise CommandError(f"{out} exists already; keys are never written over a file.") from error
        except OSError as error:
            raise CommandError(f"No key was issued: {out or 'stdout'}: {error.strerror}.") from error


def with_progress(starts: Sequence[int]) -> Iterator[int]:
    quiet = not sys.stderr.isatty()
    return iter(track(starts, description="Issuing keys", console=Console(stderr=True), disable=quiet))

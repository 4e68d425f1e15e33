"""`manage.py seed_demo`: for `make demo`."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from apps.core.files import new_private_file
from apps.grading.services.demonstrating import Demo, is_demo_there, keep_open, seed_demo

KEYS_IN_A_ROW = 3


class Command(BaseCommand):
    help = (
        "Make a demo exam that is open now, with keys, papers to grade and staff accounts. Keys and passwords"
        " are written to a file that only its owner may read; while that file is there, nothing is made anew."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--out", type=Path, required=True, metavar="FILE", help="where keys and passwords are written"
        )

    def handle(self, *, out: Path, **options: Any) -> None:
        if is_demo_there():
            keep_open(now=timezone.now())
            if out.exists():
                self.stderr.write(
                    f"The demo is there; its keys and passwords stand in {out}.", self.style.SUCCESS
                )
                return
        # A file without its exam tells of a database that is gone.
        out.unlink(missing_ok=True)
        try:
            with new_private_file(out) as stream:
                demo = seed_demo(now=timezone.now())
                stream.write(in_words(demo).encode())
        except OSError as error:
            raise CommandError(f"{out}: {error.strerror}") from error
        self.stderr.write(f"{demo.title}: keys and passwords are written to {out}.", self.style.SUCCESS)


def in_words(demo: Demo) -> str:
    keys = [f"{issued.number}  {issued.key}" for issued in demo.keys]
    rows = [keys[start : start + KEYS_IN_A_ROW] for start in range(0, len(keys), KEYS_IN_A_ROW)]
    lines = [
        demo.title,
        "",
        "Access keys, each for one contestant (number, key):",
        *("  " + "     ".join(row) for row in rows),
        "",
        "One whose paper is handed in, to see its receipt and its result:",
        f"  {demo.handed_in[0].number}  {demo.handed_in[0].key}",
        "",
        "Staff, for the console (user name, password):",
        *(f"  {account.username:<15} {account.password}   ({account.role})" for account in demo.accounts),
    ]
    return "\n".join(lines) + "\n"

"""`manage.py export_contestant EXAM --contestant NUMBER --out FILE`"""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from apps.core.files import new_private_file
from apps.grading.management.arguments import add_contestant_arguments, contestant_named
from apps.grading.services.disclosing import export_contestant


class Command(BaseCommand):
    help = (
        "Write everything that is kept about one contestant to a new ZIP file, for the owner's eyes only: "
        "to read, for programs, and what is not in it."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        add_contestant_arguments(parser)
        parser.add_argument(
            "--out", type=Path, required=True, metavar="FILE", help="a new file, ends in .zip"
        )

    def handle(self, *, exam: str, contestant: int, out: Path, **options: Any) -> None:
        person = contestant_named(exam, contestant)
        try:
            with new_private_file(out) as stream:
                stream.write(export_contestant(contestant=person, now=timezone.now()))
        except FileExistsError as refusal:
            raise CommandError(f"{out} exists already; nothing is ever written over a file.") from refusal
        except OSError as error:
            raise CommandError(f"{out}: {error.strerror}") from error
        self.stderr.write(
            f"What is kept about contestant {person.public_number} is written to {out}.", self.style.SUCCESS
        )

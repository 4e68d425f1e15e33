"""Import an exam from a file."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from apps.core.counting import counted
from apps.core.errors import RuleViolation
from apps.exams.rules.documents import MAX_FIGURE_BYTES, MAX_ZIP_BYTES
from apps.exams.rules.points import count_points
from apps.exams.services.importing import import_exam_file


class Command(BaseCommand):
    help = "Make an exam from a YAML, JSON or ZIP file; figures lie beside the file, or in the ZIP."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument("--dry-run", action="store_true", help="check everything, write nothing")

    def handle(self, *, file: Path, dry_run: bool, **options: Any) -> None:
        try:
            imported = import_exam_file(
                data=_read(file),
                name=file.name,
                beside=_Folder(file.parent),
                actor=None,
                now=timezone.now(),
                dry_run=dry_run,
            )
        except OSError as error:
            raise CommandError(f"{file}: {error.strerror}") from error
        except RuleViolation as refusal:
            raise CommandError(str(refusal)) from refusal
        done = "would be imported" if dry_run else "imported"
        self.stderr.write(
            f"{imported.title} ({imported.slug}) {done}: {counted(imported.problem_count, 'problem')} worth"
            f" {count_points(imported.total_points)},"
            f" {counted(imported.time_block_count, 'time block')},"
            f" {counted(imported.figure_count, 'figure')}.",
            self.style.SUCCESS,
        )


def _read(file: Path) -> bytes:
    """Up to one byte past the largest size that is ever taken: enough to be refused, and no more."""
    with file.open("rb") as stream:
        return stream.read(MAX_ZIP_BYTES + 1)


class _Folder(Mapping[str, bytes]):
    """The files of a folder by their names; a name never leads out of it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __getitem__(self, name: str) -> bytes:
        path = self._folder / name
        if Path(name).name != name or not path.is_file():
            raise KeyError(name)
        with path.open("rb") as stream:
            return stream.read(MAX_FIGURE_BYTES + 1)

    def __iter__(self) -> Iterator[str]:
        return (path.name for path in self._folder.iterdir() if path.is_file())

    def __len__(self) -> int:
        return sum(1 for _ in self)

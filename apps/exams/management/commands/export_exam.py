"""Export an exam to a file."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.exams.models import Exam
from apps.exams.services.exporting import ExportedExam, export_exam


class Command(BaseCommand):
    help = "Write an exam to a YAML, JSON or ZIP file; figures go beside the file, or into the ZIP."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("exam", metavar="EXAM", help="the exam's slug")
        parser.add_argument(
            "--out", type=Path, required=True, metavar="FILE", help="ends in .yaml, .json or .zip"
        )

    def handle(self, *, exam: str, out: Path, **options: Any) -> None:
        exam_id = Exam.objects.filter(slug=exam).values_list("pk", flat=True).first()
        if exam_id is None:
            raise CommandError(f"There is no exam {exam}.")
        exported = export_exam(exam_id=exam_id)
        files = _files(exported, out)
        for path, content in files.items():
            # The file that was named is written anew; one beside it that holds something else is not ours.
            if path != out and path.exists() and path.read_bytes() != content:
                raise CommandError(f"{path} exists and holds something else; export to another folder.")
        try:
            for path, content in files.items():
                path.write_bytes(content)
        except OSError as error:
            raise CommandError(f"{error.filename}: {error.strerror}") from error
        self.stderr.write(
            f"{exported.slug} written to {out}, with {len(exported.figures)} figures.", self.style.SUCCESS
        )


def _files(exported: ExportedExam, out: Path) -> dict[Path, bytes]:
    beside = {out.parent / name: content for name, content in exported.figures.items()}
    match out.suffix.lower():
        case ".yaml" | ".yml":
            return {**beside, out: exported.as_yaml()}
        case ".json":
            return {**beside, out: exported.as_json()}
        case ".zip":
            return {out: exported.as_zip()}
    raise CommandError(f"{out} ends in none of .yaml, .json, .zip.")

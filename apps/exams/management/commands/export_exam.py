"""Export an exam to a file."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.core.counting import counted
from apps.core.errors import RuleViolation
from apps.core.images import ImageRefused, clean_image
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
        try:
            exported = export_exam(exam_id=exam_id)
        except RuleViolation as refusal:
            raise CommandError(str(refusal)) from refusal
        files = _files(exported, out)
        try:
            # The file that was named is written anew; one beside it stays, if it is the same figure.
            beside = {path for path in files if path != out and path.exists()}
            for path in beside:
                if not _is_same_figure(path.read_bytes(), files[path]):
                    raise CommandError(
                        f"{path} is another figure of that name. Export to another folder, or to a .zip."
                    )
            for path in files.keys() - beside:
                path.write_bytes(files[path])
        except OSError as error:
            raise CommandError(f"{error.filename}: {error.strerror}") from error
        self.stderr.write(
            f"{exported.slug} written to {out}, with {counted(len(exported.figures), 'figure')}.",
            self.style.SUCCESS,
        )


def _is_same_figure(held: bytes, exported: bytes) -> bool:
    """A figure as somebody drew it, and as it left us cleaned, are the same figure."""
    try:
        return held == exported or clean_image(held).content == exported
    except ImageRefused:
        return False


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

"""`manage.py export_results`"""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.core.errors import RuleViolation
from apps.core.files import new_private_file
from apps.exams.models import Exam
from apps.grading.services.exporting import export_results


class Command(BaseCommand):
    help = "Write an exam's published results to a new CSV or XLSX file, for the owner's eyes only."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("exam", metavar="EXAM", help="the exam's slug")
        parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="ends in .csv or .xlsx")
        parser.add_argument("--draft", action="store_true", help="totals as the scores stand now")

    def handle(self, *, exam: str, out: Path, draft: bool, **options: Any) -> None:
        found = Exam.objects.filter(slug=exam).first()
        if found is None:
            raise CommandError(f"There is no exam {exam}.")
        try:
            content = export_results(exam=found, extension=out.suffix.lower().removeprefix("."), draft=draft)
            with new_private_file(out) as stream:
                stream.write(content)
        except RuleViolation as refusal:
            raise CommandError(str(refusal)) from refusal
        except FileExistsError as refusal:
            raise CommandError(f"{out} exists already; results never overwrite a file.") from refusal
        except OSError as error:
            raise CommandError(f"{out}: {error.strerror}") from error
        self.stderr.write(f"Results of {exam} written to {out}.", self.style.SUCCESS)

"""`manage.py erase_exam_people EXAM --older-than DAYS`"""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone
from django.utils.translation import ngettext

from apps.access.management.arguments import add_exam_argument, exam_named, refusals_as_errors
from apps.core.counting import counted
from apps.exams.models import Exam
from apps.grading.services.erasing import erase_exam_people, people_due


class Command(BaseCommand):
    help = (
        "Erase every contestant of an exam once its newest results are older than so many days. "
        "Fit for a daily timer: running it again does no harm, and before that day it erases nobody."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        add_exam_argument(parser)
        parser.add_argument("--older-than", type=int, required=True, metavar="DAYS", help="since the results")
        parser.add_argument("--dry-run", action="store_true", help="say who is due, and change nothing")

    def handle(self, *, exam: str, older_than: int, dry_run: bool, **options: Any) -> None:
        found = Exam.objects.get(pk=exam_named(exam))
        now = timezone.now()
        with refusals_as_errors():
            if dry_run:
                count = people_due(exam=found, days=older_than, now=now).count()
                words = ngettext("%d contestant is due", "%d contestants are due", count) % count
                self.stderr.write(f"{words}. Nothing was erased: this was a dry run.")
                return
            reason = f"Kept until {counted(older_than, 'day')} after the results."
            count = sum(1 for _ in erase_exam_people(exam=found, days=older_than, reason=reason, now=now))
        self.stderr.write(
            ngettext("%d contestant erased.", "%d contestants erased.", count) % count, self.style.SUCCESS
        )

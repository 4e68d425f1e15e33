"""`manage.py create_grading_tasks`"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from apps.core.counting import counted
from apps.exams.models import Exam
from apps.grading.services.queueing import create_grading_tasks


class Command(BaseCommand):
    help = (
        "Queue the answers of closed papers for grading, and those again that changed after they were scored."
        " Safe to run at any time and as often as you like."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("exam", metavar="EXAM", help="the exam's slug")

    def handle(self, *, exam: str, **options: Any) -> None:
        exam_id = Exam.objects.filter(slug=exam).values_list("pk", flat=True).first()
        if exam_id is None:
            raise CommandError(f"There is no exam {exam}.")
        count = create_grading_tasks(exam_id=exam_id, now=timezone.now())
        self.stderr.write(f"{counted(count, 'answer')} queued for grading.", self.style.SUCCESS)

"""`manage.py publish_results`"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from apps.core.errors import RuleViolation
from apps.exams.models import Exam
from apps.grading.services import publishing


class Command(BaseCommand):
    help = "Publish an exam's results, or withdraw them. While work is unfinished, says what is missing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("exam", metavar="EXAM", help="the exam's slug")
        parser.add_argument(
            "--withdraw", action="store_true", help="hide the results from contestants instead"
        )
        parser.add_argument(
            "--reason",
            default="Withdrawn on the command line.",
            metavar="TEXT",
            help="why they are withdrawn; kept with the publication",
        )

    def handle(self, *, exam: str, withdraw: bool, reason: str, **options: Any) -> None:
        exam_id = Exam.objects.filter(slug=exam).values_list("pk", flat=True).first()
        if exam_id is None:
            raise CommandError(f"There is no exam {exam}.")
        now = timezone.now()
        try:
            if withdraw:
                number = publishing.withdraw_results(exam_id=exam_id, actor=None, reason=reason, now=now)
                done = f"Publication {number} of {exam} is withdrawn."
            else:
                number = publishing.publish_results(exam_id=exam_id, actor=None, now=now).number
                done = f"Publication {number} of {exam} is out."
        except RuleViolation as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stderr.write(done, self.style.SUCCESS)

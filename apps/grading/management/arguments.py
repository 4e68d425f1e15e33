"""How the commands of this app name one person of an exam."""

from django.core.management.base import CommandError, CommandParser

from apps.access.management.arguments import add_exam_argument, exam_named
from apps.access.models import Contestant
from apps.access.rules.people import printed_number


def add_contestant_arguments(parser: CommandParser) -> None:
    add_exam_argument(parser)
    parser.add_argument(
        "--contestant", type=int, required=True, metavar="NUMBER", help="the contestant's number, like 0417"
    )


def contestant_named(exam: str, number: int) -> Contestant:
    """The contestant with this number in the exam's contest; refuses an unknown one."""
    found = Contestant.objects.filter(contest__exams=exam_named(exam), number=number).first()
    if found is None:
        raise CommandError(f"Nobody in the contest of {exam} has the number {printed_number(number)}.")
    return found

"""What the commands of this app share: how an exam and a file are named, how a refusal is said."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.core.management.base import CommandError, CommandParser

from apps.core.errors import RuleViolation
from apps.core.sheets import LARGEST_FILE, Table, read_table
from apps.exams.models import Exam


def add_exam_argument(parser: CommandParser) -> None:
    parser.add_argument("exam", metavar="EXAM", help="the exam's slug")


def exam_named(slug: str) -> int:
    """The id of the exam; refuses an unknown one."""
    exam_id = Exam.objects.filter(slug=slug).values_list("pk", flat=True).first()
    if exam_id is None:
        raise CommandError(f"There is no exam {slug}.")
    return exam_id


def table_from(path: Path) -> Table:
    """The table in a file; refuses with the file's name what cannot be read."""
    try:
        with path.open("rb") as stream:
            return read_table(stream.read(LARGEST_FILE + 1))
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror}") from error
    except RuleViolation as refusal:
        raise CommandError(f"{path}: {refusal}") from refusal


@contextmanager
def refusals_as_errors() -> Iterator[None]:
    """A refusal ends the command with its sentence, not with a traceback."""
    try:
        yield
    except RuleViolation as refusal:
        raise CommandError(str(refusal)) from refusal

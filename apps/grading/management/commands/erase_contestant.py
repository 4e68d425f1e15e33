"""`manage.py erase_contestant EXAM --contestant NUMBER --reason TEXT`"""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from apps.access.management.arguments import refusals_as_errors
from apps.access.models import Contestant
from apps.grading.management.arguments import add_contestant_arguments, contestant_named
from apps.grading.selectors.erasure import get_erasure_plan
from apps.grading.services.erasing import erase_contestant


class Command(BaseCommand):
    help = (
        "Erase all that is kept about one contestant, in every exam of the contest. "
        "Number, points, total and rank stay, without a person. It cannot be undone."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        add_contestant_arguments(parser)
        parser.add_argument(
            "--reason", required=True, metavar="TEXT", help="kept for ever: say it without naming the person"
        )
        parser.add_argument("--dry-run", action="store_true", help="say what would go, and change nothing")
        parser.add_argument("--yes", action="store_true", help="do not ask for the number again")

    def handle(
        self, *, exam: str, contestant: int, reason: str, dry_run: bool, yes: bool, **options: Any
    ) -> None:
        person = contestant_named(exam, contestant)
        self.tell_plan(person)
        if dry_run:
            self.stderr.write("Nothing was erased: this was a dry run.")
            return
        if not yes:
            self.ask_again(person)
        with refusals_as_errors():
            record = erase_contestant(contestant_id=person.pk, reason=reason, actor=None, now=timezone.now())
        self.stderr.write(
            f"Contestant {person.public_number} is erased, as of {record.erased_at:%d %b %Y} (UTC).",
            self.style.SUCCESS,
        )

    def tell_plan(self, person: Contestant) -> None:
        plan = get_erasure_plan(person, timezone.now())
        self.stderr.write(f"Contestant {plan.number}: {', '.join(plan.exams) or 'in no exam'}")
        for what, count in plan.goes:
            self.stderr.write(f"{count:>6}  {what}")
        if plan.erased_at:
            self.stderr.write(f"Erased already on {plan.erased_at:%d %b %Y}; what came since goes now.")

    def ask_again(self, person: Contestant) -> None:
        """A number typed twice is rarely the wrong one."""
        if not sys.stdin.isatty():
            raise CommandError("Nothing was erased. Without a terminal to ask at, say --yes.")
        self.stderr.write("This cannot be undone. Type the contestant number again: ", ending="")
        self.stderr.flush()
        typed = sys.stdin.readline().strip()
        if not typed.isdecimal() or int(typed) != person.number:
            raise CommandError("Nothing was erased: that is not the number.")

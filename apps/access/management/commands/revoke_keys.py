"""`manage.py revoke_keys EXAM (--contestant NUMBER… | --batch ID | --all) --reason TEXT`"""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone
from django.utils.translation import ngettext

from apps.access.management.arguments import add_exam_argument, exam_named, refusals_as_errors
from apps.access.services.revoking import Chosen, Everybody, OfBatch, OfContestants, revoke_keys


class Command(BaseCommand):
    help = (
        "Revoke access keys. Whoever is signed in with one is signed out; the work written under it stays. "
        "Keys are named by contestant or batch, never by themselves: arguments end up in histories and logs."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        add_exam_argument(parser)
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument(
            "--contestant", type=int, nargs="+", metavar="NUMBER", help="contestant numbers, like 0417"
        )
        which.add_argument("--batch", type=int, metavar="ID", help="the keys that were issued together")
        which.add_argument("--all", action="store_true", help="every key of the exam's contestants")
        parser.add_argument("--reason", required=True, metavar="TEXT", help="kept in the history")

    def handle(self, *, exam: str, reason: str, **options: Any) -> None:
        chosen: Chosen = Everybody()
        if options["contestant"] is not None:
            chosen = OfContestants(options["contestant"])
        elif options["batch"] is not None:
            chosen = OfBatch(options["batch"])
        with refusals_as_errors():
            count = revoke_keys(
                exam_id=exam_named(exam), chosen=chosen, reason=reason, actor=None, now=timezone.now()
            )
        self.stderr.write(ngettext("%d key revoked.", "%d keys revoked.", count) % count, self.style.SUCCESS)

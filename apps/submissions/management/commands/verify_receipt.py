"""`manage.py verify_receipt FILE`"""

import json
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.core.counting import counted
from apps.submissions.rules import receipts


class Command(BaseCommand):
    help = "Check the signature of a receipt's file (JSON, as its page offers it for download)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE")

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        try:
            tree = json.loads(file.read_text())
        except OSError as reason:
            raise CommandError(f"{file} cannot be read: {reason.strerror}.") from reason
        except ValueError as reason:
            raise CommandError(f"{file} is not a receipt: it is not JSON ({reason}).") from reason
        if not isinstance(tree, dict) or not {"body", "signature"} <= tree.keys():
            raise CommandError(f'{file} is not a receipt: it has no "body" and "signature".')
        # The key in the file proves nothing: ours decides.
        key = receipts.public_key(settings.RECEIPT_SIGNING_KEY)
        if not receipts.is_genuine(body=tree["body"], signature=tree["signature"], key=key):
            raise CommandError(f"{file} is not genuine: the signature does not fit what it says.")
        body = json.loads(tree["body"])
        answers = counted(len(body["answers"]), "answer")
        self.stdout.write(
            f"Genuine: receipt {body['number']} ({body['code']}) of contestant {body['contestant']} in"
            f" {body['exam']}, handed in at {body['submitted_at']}, {answers}."
        )

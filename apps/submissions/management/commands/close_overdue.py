"""`manage.py close_overdue`"""

from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone
from django.utils.translation import ngettext
from rich.console import Console
from rich.progress import track

from apps.submissions.services import closing


class Command(BaseCommand):
    help = "Record every paper that time has closed, and issue its receipt. Safe to run at any time."

    def handle(self, *args: Any, **options: Any) -> None:
        screen = Console(stderr=True)

        def with_progress(papers: list[int]) -> Iterator[int]:
            quiet = not screen.is_terminal
            return iter(track(papers, description="Closing papers", console=screen, disable=quiet))

        closed_count = closing.close_overdue(now=timezone.now(), progress=with_progress)
        self.stderr.write(
            ngettext("%d paper closed.", "%d papers closed.", closed_count) % closed_count, self.style.SUCCESS
        )

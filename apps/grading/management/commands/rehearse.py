"""`manage.py rehearse`"""

import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from apps.access.services.issuing import MOST_KEYS
from apps.core.counting import counted
from apps.core.errors import RuleViolation
from apps.exams.models import Exam
from apps.grading.management.rehearsal import conducting, options, report
from apps.grading.management.rehearsal.conducting import Record, WrongDeployment
from apps.grading.management.rehearsal.contestant import PATIENCE
from apps.grading.management.rehearsal.processes import CrowdFailed
from apps.grading.management.rehearsal.schedule import STEPS, Crew
from apps.grading.management.rehearsal.screen import Screen
from apps.grading.services import rehearsing
from apps.grading.services.rehearsing import Sandbox

# The sandbox stays open this much longer than the rehearsal lasts: a slow deployment is to be seen as slow.
MARGIN = timedelta(minutes=30)


class Command(BaseCommand):
    help = (
        "Let a synthetic crowd sit a copy of an exam against the running deployment, and say go or no-go."
        " The exam itself is not touched; the copy is removed afterwards."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        options.add_arguments(parser)

    def handle(self, **given: Any) -> None:
        exam = Exam.objects.filter(slug=given["exam"]).first()
        if exam is None:
            raise CommandError(f"There is no exam {given['exam']}.")
        if given["clean"]:
            self.clean(exam)
            return
        contestants = given["contestants"]
        if not 1 <= contestants < MOST_KEYS:
            raise CommandError(f"Say how many sit: --contestants N, from 1 to {MOST_KEYS - 1}.")
        if given["processes"] < 1:
            raise CommandError("--processes is at least 1.")
        given["processes"] = min(given["processes"], contestants)
        folder = options.new_folder(given["out"], exam.slug, timezone.now())
        left = rehearsing.list_sandboxes(exam.pk)
        if left:
            still = counted(len(left), "sandbox", "sandboxes")
            self.stderr.write(
                f"{still} of earlier rehearsals left, or in use now;"
                f" `rehearse {exam.slug} --clean` removes them."
            )
        record = self.rehearse(exam, folder, given)
        self.conclude(exam, folder, record, given)

    def clean(self, exam: Exam) -> None:
        removed = [rehearsing.remove_sandbox(exam_id=one) for one in rehearsing.list_sandboxes(exam.pk)]
        told = f"{counted(len(removed), 'sandbox', 'sandboxes')} removed, {counted(sum(removed), 'row')}."
        self.stderr.write(told, self.style.SUCCESS)

    def rehearse(self, exam: Exam, folder: Path, given: dict[str, Any]) -> Record:
        """Open the sandbox, let the crowd in, and remove the sandbox whatever happens."""
        try:
            with Screen() as screen, interruptible(), sandbox_of(exam, given, screen) as sandbox:
                conducting.probe(given["url"], sandbox.keys[-1].key)
                crew = Crew(
                    url=given["url"],
                    keys=[key.key for key in sandbox.keys[:-1]],
                    seed=given["seed"],
                    loads_assets=not given["no_assets"],
                    patience=PATIENCE,
                    journals=[str(folder / f"edits-{one + 1}.jsonl") for one in range(given["processes"])],
                )
                if given["find_limit"]:
                    return conducting.search(
                        sandbox=sandbox,
                        crew=crew,
                        step_seconds=given["step"],
                        limits=options.limits_of(given),
                        folder=folder,
                        show=screen.show,
                    )
                return conducting.rehearse(
                    sandbox=sandbox,
                    crew=crew,
                    course=options.course_of(given),
                    folder=folder,
                    is_local=options.is_here(given["url"]),
                    show=screen.show,
                )
        except (WrongDeployment, CrowdFailed, RuleViolation) as refusal:
            raise CommandError(str(refusal)) from refusal

    def conclude(self, exam: Exam, folder: Path, record: Record, given: dict[str, Any]) -> None:
        """Write the report and say the verdict; a no-go ends the command with status 1."""
        document = report.build(options.setting_of(exam, given), record, options.limits_of(given))
        (folder / "report.json").write_text(json.dumps(document, indent=1, ensure_ascii=False))
        (folder / "report.html").write_text(report.render(document))
        for row in document["actions"]:
            self.stderr.write(
                f"  {row['action']:<13}{row['count']:>8} calls {row['errors']:>5} errors"
                f"  p50 {row['p50_ms']:>8} p95 {row['p95_ms']:>8} p99 {row['p99_ms']:>8} ms"
            )
        found, capacity, verdict = document["integrity"], document["capacity"], document["verdict"]
        self.stderr.write(
            f"Edits: {found['acked']} acknowledged, {found['lost']} lost, {found['duplicated']} stored twice,"
            f" {found['phantom']} sent by nobody."
        )
        count = "unknown" if capacity["count"] is None else str(capacity["count"])
        least = "at least " if capacity["is_least"] else ""
        self.stderr.write(f"Capacity: {least}{count} ({capacity['how']}).")
        for doubt in verdict["doubts"]:
            self.stderr.write(doubt)
        self.stderr.write(f"Report: {folder / 'report.html'}")
        if not verdict["is_go"]:
            raise CommandError("No-go:\n" + "\n".join(f"  {reason}" for reason in verdict["reasons"]))
        self.stderr.write("Go.", self.style.SUCCESS)


@contextmanager
def sandbox_of(exam: Exam, given: dict[str, Any], screen: Screen) -> Iterator[Sandbox]:
    """The sandbox, for as long as it is needed. One key more than contestants, for counting."""
    now = timezone.now()
    seconds = given["step"] * STEPS if given["find_limit"] else options.course_of(given).sitting
    screen.say(f"Copying the exam and issuing {given['contestants']} keys.")
    sandbox = rehearsing.open_sandbox(
        exam_id=exam.pk,
        contestants=given["contestants"] + 1,
        closes_at=now + timedelta(seconds=seconds) + MARGIN,
        now=now,
    )
    try:
        yield sandbox
    finally:
        screen.say("Removing the sandbox.")
        rehearsing.remove_sandbox(exam_id=sandbox.exam_id)


@contextmanager
def interruptible() -> Iterator[None]:
    """Let SIGTERM and a closed terminal end us as Ctrl-C does, so that the sandbox goes as well."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

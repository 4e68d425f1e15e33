"""An exam as a file: what import made of one, export gives back, byte for byte the same each time."""

import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from apps.core.errors import RuleViolation
from apps.exams.enums import ClockKind
from apps.exams.models import Exam, Figure, Problem, StatementVersion, TimeBlock
from apps.exams.rules.drafts import FORMAT
from apps.exams.rules.points import show_points
from apps.exams.services.editing import shown_html

# A ZIP notes when its files were written; a fixed moment keeps equal exams equal.
_ZIP_MOMENT = (1980, 1, 1, 0, 0, 0)


class StatementMissing(RuleViolation):
    """A file without a statement could not be imported again."""

    code = "statement_missing"

    def __init__(self, number: int) -> None:
        super().__init__(f"Problem {number} has no statement yet; write it first.")


@dataclass(frozen=True, slots=True)
class ExportedExam:
    slug: str
    tree: dict[str, Any]
    figures: dict[str, bytes]

    def as_yaml(self) -> bytes:
        import yaml  # noqa: PLC0415

        text = yaml.dump(
            self.tree,
            Dumper=_dumper(),
            allow_unicode=True,
            sort_keys=False,
            width=100,
            default_flow_style=False,
        )
        return str(text).encode()

    def as_json(self) -> bytes:
        return (json.dumps(self.tree, ensure_ascii=False, indent=2) + "\n").encode()

    def as_zip(self) -> bytes:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            files = {f"{self.slug}.yaml": self.as_yaml(), **self.figures}
            for name, content in files.items():
                entry = zipfile.ZipInfo(name, _ZIP_MOMENT)
                entry.compress_type = zipfile.ZIP_DEFLATED
                entry.external_attr = 0o644 << 16
                archive.writestr(entry, content)
        return out.getvalue()


def export_exam(*, exam_id: int) -> ExportedExam:
    """The exam's current state. Figures that nothing shows stay behind; so do the statements of the past."""
    exam = Exam.objects.get(pk=exam_id)
    statements = {
        statement.problem_id: statement
        for statement in StatementVersion.objects.filter(problem__exam=exam).current()
    }
    problems = list(exam.problems.all())
    if without := [problem.number for problem in problems if problem.pk not in statements]:
        raise StatementMissing(without[0])
    shown = shown_html(exam.pk)
    tree: dict[str, Any] = {
        "format": FORMAT,
        "slug": exam.slug,
        "title": exam.title,
        "zone": exam.zone,
        "clock": exam.clock,
        **_personal(exam),
        "grace_seconds": exam.grace_seconds,
        "blind": exam.blind,
        "results": exam.results,
        "instructions": exam.instructions,
        "time_blocks": [dict(_block(block, exam)) for block in exam.time_blocks.all()],
        "problems": [dict(_problem(problem, statements[problem.pk])) for problem in problems],
    }
    figures = {
        figure.name: bytes(figure.content)
        for figure in Figure.objects.filter(exam=exam)
        if str(figure.public_id) in shown
    }
    return ExportedExam(exam.slug, tree, figures)


def _personal(exam: Exam) -> dict[str, Any]:
    if exam.clock != ClockKind.PERSONAL:
        return {}
    return {"duration_minutes": exam.duration_minutes, "late_start": exam.late_start}


def _block(block: TimeBlock, exam: Exam) -> Iterator[tuple[str, str]]:
    zone = ZoneInfo(block.zone or exam.zone)
    yield "name", block.name
    if block.zone:
        yield "zone", block.zone
    yield "opens_at", _local(block.opens_at, zone)
    if block.last_entry_at:
        yield "last_entry_at", _local(block.last_entry_at, zone)
    yield "closes_at", _local(block.closes_at, zone)


def _problem(problem: Problem, statement: StatementVersion) -> Iterator[tuple[str, Any]]:
    yield "number", problem.number
    yield "kind", problem.kind
    yield "max_points", show_points(problem.max_points)
    yield "statement", statement.source
    if statement.choices:
        yield "choices", [{"label": choice["label"], "text": choice["text"]} for choice in statement.choices]
    if statement.note:
        yield "note", statement.note
    yield "accepted", list(problem.accepted)
    yield "solution", problem.solution
    yield "pages", problem.pages
    if problem.not_counted:
        yield "not_counted", problem.not_counted_reason


def _local(moment: datetime, zone: ZoneInfo) -> str:
    return moment.astimezone(zone).isoformat()


def _dumper() -> type[Any]:
    """Texts of several lines as blocks, which people can read and edit."""
    import yaml  # noqa: PLC0415

    class Dumper(yaml.SafeDumper):
        def ignore_aliases(self, data: Any) -> bool:
            return True

    def text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
        return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|" if "\n" in value else None)

    Dumper.add_representer(str, text)
    return Dumper

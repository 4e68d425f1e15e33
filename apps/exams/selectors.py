"""What pages read of an exam: frozen dataclasses, in a fixed number of queries."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from apps.exams.models import Exam, Figure, Problem, StatementVersion, TimeBlock


@dataclass(frozen=True, slots=True)
class FigureFile:
    exam_id: int
    kind: str
    content: bytes
    digest: str


@dataclass(frozen=True, slots=True)
class Choice:
    label: str
    html: str


@dataclass(frozen=True, slots=True)
class PaperProblem:
    """A problem as contestants see it; nothing of its solution."""

    id: int
    number: int
    kind: str
    max_points: Decimal
    takes_pages: bool
    not_counted_reason: str
    statement_version: int
    html: str
    choices: tuple[Choice, ...]
    note: str


@dataclass(frozen=True, slots=True)
class PaperContent:
    """What every contestant of an exam is shown, at one version of it."""

    exam_id: int
    version: int
    title: str
    instructions_html: str
    problems: tuple[PaperProblem, ...]


@dataclass(frozen=True, slots=True)
class BlockTimes:
    name: str
    zone: str
    opens_at: datetime
    last_entry_at: datetime | None
    closes_at: datetime


def get_figure(public_id: UUID) -> FigureFile | None:
    row = (
        Figure.objects.filter(public_id=public_id).values_list("exam_id", "kind", "content", "digest").first()
    )
    return FigureFile(row[0], row[1], bytes(row[2]), row[3]) if row else None


def get_paper_content(exam_id: int) -> PaperContent:
    """Two queries, whatever the number of problems. A problem without a statement is not shown yet."""
    exam = Exam.objects.only("version", "title", "instructions_html").get(pk=exam_id)
    statements = StatementVersion.objects.filter(problem__exam_id=exam_id).current().select_related("problem")
    problems = sorted(
        (_paper_problem(statement) for statement in statements), key=lambda problem: problem.number
    )
    return PaperContent(exam.pk, exam.version, exam.title, exam.instructions_html, tuple(problems))


def list_block_times(exam_id: int) -> tuple[BlockTimes, ...]:
    """The exam's time blocks, each with the zone that its times are told in."""
    blocks = TimeBlock.objects.filter(exam_id=exam_id).select_related("exam")
    return tuple(
        BlockTimes(block.name, block.zone_name, block.opens_at, block.last_entry_at, block.closes_at)
        for block in blocks
    )


def _paper_problem(statement: StatementVersion) -> PaperProblem:
    problem: Problem = statement.problem
    return PaperProblem(
        id=problem.pk,
        number=problem.number,
        kind=problem.kind,
        max_points=problem.max_points,
        takes_pages=problem.pages,
        not_counted_reason=problem.not_counted_reason if problem.not_counted else "",
        statement_version=statement.version,
        html=statement.html,
        choices=tuple(
            Choice(choice["label"], html)
            for choice, html in zip(statement.choices, statement.choices_html, strict=True)
        ),
        note=statement.note,
    )

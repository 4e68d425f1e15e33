"""What pages read of an exam: frozen dataclasses, in a fixed number of queries."""

from dataclasses import dataclass
from datetime import datetime

from apps.exams.models import Exam, StatementVersion, TimeBlock
from apps.exams.rules.points import show_points


@dataclass(frozen=True, slots=True)
class Choice:
    label: str
    html: str


@dataclass(frozen=True, slots=True)
class PreviewProblem:
    """A problem as the paper's own part shows it; nothing of its solution."""

    number: int
    kind: str
    max_points: str
    statement_html: str
    note: str
    choices: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class Preview:
    """An exam as its contestants will see it."""

    title: str
    instructions_html: str
    time_blocks: tuple["BlockTimes", ...]
    problems: tuple[PreviewProblem, ...]


@dataclass(frozen=True, slots=True)
class BlockTimes:
    name: str
    zone: str
    opens_at: datetime
    closes_at: datetime


def get_preview(exam_id: int) -> Preview:
    """Three queries, whatever there is to show. A problem without a statement is left out."""
    exam = Exam.objects.get(pk=exam_id)
    statements = StatementVersion.objects.filter(problem__exam_id=exam_id).current().select_related("problem")
    return Preview(
        title=exam.title,
        instructions_html=exam.instructions_html,
        time_blocks=list_block_times(exam_id),
        problems=tuple(
            _preview_problem(statement)
            for statement in sorted(statements, key=lambda statement: statement.problem.number)
        ),
    )


def list_block_times(exam_id: int) -> tuple[BlockTimes, ...]:
    """The exam's time blocks, each with the zone that its times are told in."""
    blocks = TimeBlock.objects.filter(exam_id=exam_id).select_related("exam")
    return tuple(BlockTimes(block.name, block.zone_name, block.opens_at, block.closes_at) for block in blocks)


def _preview_problem(statement: StatementVersion) -> PreviewProblem:
    problem = statement.problem
    return PreviewProblem(
        number=problem.number,
        kind=problem.kind,
        max_points=show_points(problem.max_points),
        statement_html=statement.html,
        note=statement.note,
        choices=tuple(
            Choice(choice["label"], html)
            for choice, html in zip(statement.choices, statement.choices_html, strict=True)
        ),
    )

"""A problem as contestants would see it if it were saved now; nothing is written."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from apps.core.markup import MarkupError
from apps.exams.enums import ProblemKind
from apps.exams.rules.choices import ChoicesUnreadable, choices_from_text
from apps.exams.rules.drafts import fault_of_choices
from apps.exams.rules.points import show_points
from apps.exams.selectors.preview import Choice, PreviewProblem
from apps.exams.services.editing import figure_addresses, render_choice, render_text


@dataclass(frozen=True, slots=True)
class Slip:
    """What cannot be shown: the field it stands in, and its line where that is known."""

    field: str
    message: str
    line: int | None = None


@dataclass(frozen=True, slots=True)
class WrittenProblem:
    """What stands in the fields of a problem's page at this moment, finished or not."""

    number: int
    kind: str
    max_points: Decimal
    statement: str
    choices: str
    note: str
    solution: str


@dataclass(slots=True)
class ShownProblem:
    problem: PreviewProblem
    solution_html: str
    slips: list[Slip] = field(default_factory=list)


def preview_problem(*, exam_id: int, written: WrittenProblem) -> ShownProblem:
    """Render what was written, with its exam's figures; what cannot be shown is named, field by field."""
    figures = figure_addresses(exam_id)
    slips: list[Slip] = []
    statement_html = _text("statement", written.statement, figures, slips)
    solution_html = _text("solution", written.solution, figures, slips)
    choices = _choices(written, figures, slips)
    return ShownProblem(
        PreviewProblem(
            number=written.number,
            kind=written.kind,
            max_points=show_points(written.max_points),
            statement_html=statement_html,
            note=written.note,
            choices=choices,
        ),
        solution_html,
        slips,
    )


def _text(name: str, source: str, figures: Mapping[str, str], slips: list[Slip]) -> str:
    try:
        return render_text(source, figures).html
    except MarkupError as error:
        slips.append(Slip(name, error.problem, error.line))
        return ""


def _choices(written: WrittenProblem, figures: Mapping[str, str], slips: list[Slip]) -> tuple[Choice, ...]:
    try:
        choices = choices_from_text(written.choices)
    except ChoicesUnreadable as fault:
        slips.append(Slip("choices", str(fault)))
        return ()
    if fault_of_kind := fault_of_choices(written.kind, [choice["label"] for choice in choices]):
        slips.append(Slip("choices", f"{fault_of_kind[0].upper()}{fault_of_kind[1:]}."))
    shown = []
    for choice in choices:
        try:
            shown.append(Choice(choice["label"], render_choice(choice["text"], figures)))
        except MarkupError as error:
            slips.append(Slip("choices", f"{choice['label']}: {error.problem}"))
    return tuple(shown) if written.kind == ProblemKind.CHOICE else ()

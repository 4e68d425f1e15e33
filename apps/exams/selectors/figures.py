"""The figures of an exam, and where each is shown with which words for those who cannot see it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape

from apps.exams.models import Exam, Figure, Problem, StatementVersion

# Our own rendering writes images in this one way.
_SHOWN = re.compile(r'<img src="[^"]*/([0-9a-f-]{36})/" alt="([^"]*)"')


@dataclass(frozen=True, slots=True)
class Use:
    """A place that shows a figure; `problem_id` is None for the instructions."""

    place: str
    problem_id: int | None
    alt: str


@dataclass(frozen=True, slots=True)
class FigureOverview:
    figure_id: int
    public_id: str
    name: str
    kind: str
    width: int
    height: int
    uses: tuple[Use, ...]


def list_figures(exam_id: int) -> tuple[FigureOverview, ...]:
    """Four queries; the drawings themselves stay in the database."""
    uses: dict[str, list[Use]] = {}
    for public_id, use in _uses(exam_id):
        uses.setdefault(public_id, []).append(use)
    figures = Figure.objects.filter(exam_id=exam_id).defer("content")
    return tuple(
        FigureOverview(
            figure_id=figure.pk,
            public_id=str(figure.public_id),
            name=figure.name,
            kind=figure.get_kind_display(),
            width=figure.width,
            height=figure.height,
            uses=tuple(uses.get(str(figure.public_id), ())),
        )
        for figure in figures
    )


def _uses(exam_id: int) -> Iterator[tuple[str, Use]]:
    instructions = Exam.objects.values_list("instructions_html", flat=True).get(pk=exam_id)
    yield from _shown("instructions", None, instructions)
    statements = StatementVersion.objects.filter(problem__exam_id=exam_id).current()
    stated = {
        problem_id: "".join([html, *choices])
        for problem_id, html, choices in statements.values_list("problem_id", "html", "choices_html")
    }
    problems = Problem.objects.filter(exam_id=exam_id).values_list("pk", "number", "solution_html")
    for problem_id, number, solution in problems:
        yield from _shown(f"problem {number}", problem_id, stated.get(problem_id, ""))
        yield from _shown(f"the solution of problem {number}", problem_id, solution)


def _shown(place: str, problem_id: int | None, html: str) -> Iterator[tuple[str, Use]]:
    for public_id, alt in _SHOWN.findall(html):
        yield public_id, Use(place, problem_id, unescape(alt))

"""What all contestants of an exam are shown alike, from the cache."""

from dataclasses import astuple, dataclass
from functools import cached_property
from typing import Any

from django.db.models import OuterRef, Subquery
from django.db.models.functions import JSONObject

from apps.core.versioned import VersionedCache
from apps.exams.models import Exam, StatementVersion
from apps.exams.rules.points import show_points


@dataclass(frozen=True)
class ChoiceContent:
    label: str
    html: str


@dataclass(frozen=True)
class ProblemContent:
    """A problem with its current statement; without one it shows none: a paper opens whatever is missing."""

    problem_id: int
    number: int
    kind: str
    max_points: str
    statement_html: str
    note: str
    choices: tuple[ChoiceContent, ...]


@dataclass(frozen=True)
class ExamContent:
    """An exam at one of its versions. Nothing of a contestant, and nothing of a solution."""

    exam_id: int
    version: int
    title: str
    instructions_html: str
    problems: tuple[ProblemContent, ...]

    @cached_property
    def by_id(self) -> dict[int, ProblemContent]:
        return {problem.problem_id: problem for problem in self.problems}


def get_content(*, exam_id: int, version: int) -> ExamContent:
    """The content of an exam at the version that the database just told, in no query as a rule.

    If the exam was changed at this very moment it is the newer content, under its own version.
    """
    content = CONTENT.get(exam_id, version)
    assert content is not None  # noqa: S101 - who knows its version has just seen the exam
    return content


def load(exam_id: int) -> ExamContent | None:
    """From the database: one statement, so that version and content belong together."""
    newest = StatementVersion.objects.filter(problem=OuterRef("problems__pk")).order_by("-version")
    whole = JSONObject(html="html", note="note", choices="choices", choices_html="choices_html")
    rows = list(
        Exam.objects.filter(pk=exam_id)
        .order_by("problems__number")
        .values_list(
            "version",
            "title",
            "instructions_html",
            "problems__pk",
            "problems__number",
            "problems__kind",
            "problems__max_points",
            Subquery(newest.values(whole=whole)[:1]),
        )
    )
    if not rows:
        return None
    version, title, instructions_html = rows[0][:3]
    problems = tuple(problem_of(*row[3:]) for row in rows if row[3] is not None)
    return ExamContent(exam_id, version, title, instructions_html, problems)


def problem_of(
    problem_id: int, number: int, kind: str, max_points: Any, statement: dict[str, Any] | None
) -> ProblemContent:
    shown = statement or {"html": "", "note": "", "choices": [], "choices_html": []}
    return ProblemContent(
        problem_id=problem_id,
        number=number,
        kind=kind,
        max_points=show_points(max_points),
        statement_html=shown["html"],
        note=shown["note"],
        choices=tuple(
            ChoiceContent(choice["label"], html)
            for choice, html in zip(shown["choices"], shown["choices_html"], strict=True)
        ),
    )


def read(tree: Any) -> ExamContent:
    """What `astuple` made and JSON kept, as content again."""
    exam_id, version, title, instructions_html, problems = tree
    return ExamContent(
        exam_id, version, title, instructions_html, tuple(read_problem(*problem) for problem in problems)
    )


def read_problem(*columns: Any) -> ProblemContent:
    *plain, choices = columns
    problem_id, number, kind, max_points, statement_html, note = plain
    shown = tuple(ChoiceContent(*choice) for choice in choices)
    return ProblemContent(problem_id, number, kind, max_points, statement_html, note, shown)


CONTENT = VersionedCache("exam", load=load, write=astuple, read=read)

"""The versions of a problem's statement, and what changed between two of them."""

from dataclasses import dataclass
from datetime import datetime

from apps.core.textdiff import Piece, diff_words
from apps.exams.models import Problem, StatementVersion
from apps.exams.rules.choices import choices_as_text


@dataclass(frozen=True, slots=True)
class Version:
    version: int
    created_at: datetime
    author: str
    note: str
    source: str
    choices: str


@dataclass(frozen=True, slots=True)
class Change:
    """One part of a statement, compared."""

    name: str
    pieces: list[Piece]

    @property
    def is_same(self) -> bool:
        return all(piece.kind == "same" for piece in self.pieces)


@dataclass(frozen=True, slots=True)
class Versions:
    problem_id: int
    number: int
    exam_id: int
    exam_title: str
    zone: str
    rows: tuple[Version, ...]


def get_versions(problem_id: int) -> Versions:
    """All versions, newest first, in two queries."""
    problem = Problem.objects.select_related("exam").get(pk=problem_id)
    rows = StatementVersion.objects.filter(problem=problem).select_related("created_by").order_by("-version")
    return Versions(
        problem_id=problem.pk,
        number=problem.number,
        exam_id=problem.exam_id,
        exam_title=problem.exam.title,
        zone=problem.exam.zone,
        rows=tuple(
            Version(
                version=row.version,
                created_at=row.created_at,
                author=row.created_by.get_username() if row.created_by else "",
                note=row.note,
                source=row.source,
                choices=choices_as_text(row.choices),
            )
            for row in rows
        ),
    )


def compare(before: Version, after: Version) -> tuple[Change, ...]:
    """The statement, and choices and note where one of the two has any."""
    changes = [Change("Statement", diff_words(before.source, after.source))]
    if before.choices or after.choices:
        changes.append(Change("Choices", diff_words(before.choices, after.choices)))
    if before.note or after.note:
        changes.append(Change("Note to contestants", diff_words(before.note, after.note)))
    return tuple(changes)

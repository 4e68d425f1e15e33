"""The publications of an exam side by side, and beside the scores as they stand now."""

from collections.abc import Iterable, Mapping
from typing import Any

from apps.access.rules.people import printed_number
from apps.grading.models import Publication, Result
from apps.grading.rules.changes import Comparison, Line, compare
from apps.grading.selectors.tally import TallyRow, list_tally

COLUMNS = ("registration_id", "number", "name", "status", "rank", "total", "problems")


def compare_versions(exam_id: int, before: Publication | None, after: Publication | None) -> Comparison:
    """One query for a publication; None is the present tally, in its five."""
    old, new = (
        lines_of_tally(list_tally(exam_id)) if publication is None else lines_of(publication)
        for publication in (before, after)
    )
    return compare(old, new)


def compare_with_tally(publication: Publication, tally: Iterable[TallyRow]) -> Comparison:
    """What publishing now would change."""
    return compare(lines_of(publication), lines_of_tally(tally))


def lines_of(publication: Publication) -> Mapping[int, Line]:
    results = Result.objects.filter(publication=publication).order_by()
    return lines(results.values_list(*COLUMNS))


def lines_of_tally(tally: Iterable[TallyRow]) -> Mapping[int, Line]:
    return lines(tuple(getattr(row, name) for name in COLUMNS) for row in tally)


def lines(rows: Iterable[Any]) -> Mapping[int, Line]:
    found: dict[int, Line] = {}
    for row in rows:
        registration_id, number, name, status, rank, total, problems = row
        found[registration_id] = Line(
            number=printed_number(number),
            name=name,
            status=status,
            rank=rank,
            total=total,
            points={part["number"]: part["points"] for part in problems},
        )
    return found

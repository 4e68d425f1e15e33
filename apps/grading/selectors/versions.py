"""The publications of an exam side by side."""

from collections.abc import Mapping

from apps.access.rules.people import printed_number
from apps.grading.models import Publication, Result
from apps.grading.rules.changes import Comparison, Line, compare


def compare_publications(before: Publication, after: Publication) -> Comparison:
    """Two queries, whatever changed."""
    return compare(lines_of(before), lines_of(after))


def lines_of(publication: Publication) -> Mapping[int, Line]:
    rows = Result.objects.filter(publication=publication).order_by()
    return {
        registration_id: Line(
            number=printed_number(number),
            name=name,
            status=status,
            rank=rank,
            total=total,
            points={part["number"]: part["points"] for part in problems},
        )
        for registration_id, number, name, status, rank, total, problems in rows.values_list(
            "registration_id", "number", "name", "status", "rank", "total", "problems"
        )
    }

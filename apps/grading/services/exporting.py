"""Results as a table for spreadsheets."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from decimal import Decimal
from typing import Any

from apps.access.rules.people import printed_number
from apps.core import sheets
from apps.core.errors import RuleViolation
from apps.exams.models import Exam, Problem
from apps.grading.enums import Standing
from apps.grading.selectors.results import list_result_rows, newest_publication
from apps.grading.selectors.tally import list_tally

COLUMNS = ("rank", "number", "external_id", "name", "school", "team", "division", "status", "total")
NO_POINTS = "-"


class NoPublication(RuleViolation):
    message = (
        "No results of this exam are published. Ask for a draft (--draft) to see how the scores stand now."
    )
    code = "nothing_published"


class UnknownFormat(RuleViolation):
    message = "Results are written as CSV or XLSX: name the file so that it ends with .csv or .xlsx."
    code = "unknown_format"


def export_results(*, exam: Exam, extension: str, draft: bool = False) -> bytes:
    """The newest publication, or with `draft` how the scores stand now, as the content of a file."""
    if extension not in {"csv", "xlsx"}:
        raise UnknownFormat
    if draft:
        rows: Iterable[Mapping[str, Any]] = (asdict(row) for row in list_tally(exam.pk))
    else:
        publication = newest_publication(exam.pk)
        if publication is None:
            raise NoPublication
        rows = list_result_rows(publication)
    numbers = list(Problem.objects.filter(exam=exam).order_by("number").values_list("number", flat=True))
    header = [*COLUMNS, *(f"p{number}" for number in numbers)]
    cells = (list(cells_of(row, numbers)) for row in rows)
    if extension == "xlsx":
        return sheets.xlsx_bytes(header, cells, title=exam.title)
    return sheets.csv_text(header, cells).encode()


def cells_of(row: Mapping[str, Any], numbers: Iterable[int]) -> Iterator[sheets.Cell]:
    yield row["rank"]
    yield printed_number(row["number"])
    for column in ("external_id", "name", "school", "team", "division"):
        yield row[column]
    yield Standing(row["status"]).value
    yield NO_POINTS if row["total"] is None else plain(row["total"])
    points = {part["number"]: part["points"] for part in row["problems"]}
    for number in numbers:
        given = points.get(number)
        yield NO_POINTS if given is None else plain(Decimal(given))


def plain(points: Decimal) -> sheets.Cell:
    """A number that spreadsheets read as one, without idle zeros: 6 rather than 6.00."""
    return int(points) if points == points.to_integral_value() else points.normalize()

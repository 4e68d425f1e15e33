"""One reader of tables that people made: CSV (comma or semicolon, UTF-8) or XLSX, told by the content."""

import csv
import io
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from apps.core.counting import counted
from apps.core.errors import RuleViolation
from apps.core.sheets.writing import is_dangerous

LARGEST_FILE = 10_000_000
LARGEST_UNPACKED = 60_000_000
MOST_ROWS = 20_000
MOST_COLUMNS = 100
LONGEST_CELL = 5_000


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row of the table; `number` is the spreadsheet's own (the header is row 1)."""

    number: int
    cells: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Table:
    columns: Sequence[str]
    rows: Sequence[Row]


class TableUnreadable(RuleViolation):
    message = "This file could not be read as a table."
    code = "table_unreadable"


def read_table(content: bytes) -> Table:
    """The table's columns by their names in the first row; blank rows are left out.

    Refuses, with the place, whatever could be misread: a second column of the same name, a cell beyond
    the last column, another encoding than UTF-8.
    """
    if len(content) > LARGEST_FILE:
        raise TableUnreadable("The file is larger than 10 MB.")
    records = xlsx_records(content) if content.startswith(b"PK\x03\x04") else csv_records(content)
    columns = read_header(next(records, (1, []))[1])
    rows = [make_row(number, cells, columns) for number, cells in records if any(cells)]
    return Table(columns=columns, rows=rows)


def read_header(cells: Sequence[str]) -> list[str]:
    columns = [cell.casefold().replace(" ", "_") for cell in cells]
    while columns and not columns[-1]:
        columns.pop()
    if not columns:
        raise TableUnreadable("Row 1: the first row names the columns; here it is blank.")
    for place, column in enumerate(columns, start=1):
        if not column:
            raise TableUnreadable(f"Row 1, column {place}: this column has no name.")
        if column in columns[: place - 1]:
            raise TableUnreadable(f"Row 1, column {place}: the name “{column}” stands there twice.")
    return columns


def make_row(number: int, cells: Sequence[str], columns: Sequence[str]) -> Row:
    if any(cells[len(columns) :]):
        raise TableUnreadable(
            f"Row {number}: more cells than the {counted(len(columns), 'column')} of row 1."
        )
    padded = [*cells, *[""] * (len(columns) - len(cells))]
    return Row(number=number, cells=dict(zip(columns, padded, strict=False)))


def tidy(number: int, place: int, text: str) -> str:
    if len(text) > LONGEST_CELL:
        raise TableUnreadable(
            f"Row {number}, column {place}: the cell is longer than {LONGEST_CELL} characters."
        )
    if "\x00" in text:
        raise TableUnreadable(f"Row {number}, column {place}: a NUL character.")
    # What our own writer put in front of a text that looks like a formula.
    return (text[1:] if text.startswith("'") and is_dangerous(text[1:]) else text).strip()


def checked(number: int, cells: Sequence[str]) -> tuple[int, list[str]]:
    if number > MOST_ROWS:
        raise TableUnreadable(f"The table has more than {MOST_ROWS} rows.")
    if len(cells) > MOST_COLUMNS:
        raise TableUnreadable(f"Row {number}: more than {MOST_COLUMNS} columns.")
    return number, [tidy(number, place, cell) for place, cell in enumerate(cells, start=1)]


def csv_records(content: bytes) -> Iterator[tuple[int, list[str]]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = content[: error.start].count(b"\n") + 1
        raise TableUnreadable(f"Row {row}: the file is not UTF-8. Save it as “CSV UTF-8”.") from None
    first_line = text.partition("\n")[0]
    delimiter = ";" if first_line.count(";") > first_line.count(",") else ","
    number = 0
    try:
        for number, cells in enumerate(
            csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True), 1
        ):
            yield checked(number, cells)
    except csv.Error as error:
        raise TableUnreadable(f"Row {number + 1}: {error}.") from None


def xlsx_records(content: bytes) -> Iterator[tuple[int, list[str]]]:
    """The first sheet's rows, as the texts and numbers that are shown; formulas count by their last value."""
    from openpyxl import load_workbook  # noqa: PLC0415 - half a second, and only these imports need it

    try:
        refuse_bombs(content)
        workbook = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        sheet = workbook.worksheets[0]
        for number, cells in enumerate(sheet.iter_rows(values_only=True, max_col=MOST_COLUMNS + 1), start=1):
            shown = [cell_text(cell) for cell in cells]
            while shown and not shown[-1]:
                shown.pop()
            yield checked(number, shown)
    except RuleViolation:
        raise
    # openpyxl raises whatever its parsers meet in a broken file; to the reader it is one fact.
    except Exception as error:
        raise TableUnreadable(f"The workbook is damaged or no workbook ({type(error).__name__}).") from error


def refuse_bombs(content: bytes) -> None:
    """What a small file claims to unpack to is known before anything is unpacked."""
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        if sum(part.file_size for part in parts.infolist()) > LARGEST_UNPACKED:
            raise TableUnreadable("The workbook unpacks to more than 60 MB.")


def cell_text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    return str(value)

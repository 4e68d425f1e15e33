"""The one writer of tables. No cell of it is ever run as a formula, whoever typed the text in it."""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from openpyxl.cell.cell import Cell as OpenCell

Cell = str | int | Decimal | None

# What makes a spreadsheet run a cell, also behind blanks, also in the wide forms of East Asian keyboards.
FORMULA_STARTS = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
BLANKS_THAT_HIDE_A_FORMULA = ("\t", "\r", "\n")
UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")


def csv_text(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    """Comma-separated, one line each; whoever writes it out encodes it as UTF-8.

    A text that a spreadsheet would run gets an apostrophe in front, which spreadsheets take to mean
    "text" (`read_table` takes it away again). Numbers are left alone, and so are keys and contestant
    numbers: they begin with a letter or a digit.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([as_text(cell) for cell in row] for row in rows)
    return out.getvalue()


def xlsx_bytes(header: Sequence[str], rows: Iterable[Sequence[Cell]], *, title: str) -> bytes:
    """A workbook of one sheet: numbers as numbers, every text as text, exactly."""
    # Half a second to import, and only exports need it.
    from openpyxl import Workbook  # noqa: PLC0415
    from openpyxl.cell import WriteOnlyCell  # noqa: PLC0415

    workbook = Workbook(write_only=True)
    sheet = workbook.create_sheet(title=re.sub(r"[\[\]:*?/\\]", " ", title)[:31] or "Sheet")
    sheet.freeze_panes = "A2"

    def cell(value: Cell) -> "OpenCell":
        if not isinstance(value, str):
            return WriteOnlyCell(sheet, value=float(value) if isinstance(value, Decimal) else value)
        made = WriteOnlyCell(sheet, value=printable(value))
        made.data_type = "s"  # openpyxl takes "=1+1" for a formula
        made.quotePrefix = is_dangerous(value)  # and Excel would, once somebody edits the cell
        return made

    for row in [header, *rows]:
        sheet.append([cell(value) for value in row])
    out = io.BytesIO()
    workbook.save(out)
    return out.getvalue()


def as_text(cell: Cell) -> str:
    if cell is None:
        return ""
    if not isinstance(cell, str):
        return str(cell)
    text = printable(cell)
    return f"'{text}" if is_dangerous(cell) else text


def printable(text: str) -> str:
    """Without control characters, which break files and hide what follows them; one kind of line break."""
    return UNPRINTABLE.sub("\ufffd", re.sub(r"\r\n?", "\n", text))


def is_dangerous(text: str) -> bool:
    """Whether a spreadsheet might run it. A lone dash is our own mark for "nothing" and harmless."""
    if text == "-":
        return False
    return text.startswith(BLANKS_THAT_HIDE_A_FORMULA) or text.lstrip(" \u00a0\x00").startswith(
        FORMULA_STARTS
    )

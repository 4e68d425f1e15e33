"""What a row of a roster may say: one reader per column, each refusing with a plain sentence."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

LONGEST = {
    "external_id": 100,
    "name": 200,
    "school": 200,
    "team": 100,
    "division": 100,
    "grade": 40,
    "room": 100,
    "time_block": 60,
}
COLUMNS = (*LONGEST, "extra_minutes", "time_factor", "may_publish_name")
MOST_EXTRA_MINUTES = 1440
TIME_FACTORS = (Decimal(1), Decimal(10))
YES = {"yes", "y", "true", "1", "x"}
NO = {"no", "n", "false", "0", ""}

Value = str | int | Decimal | bool


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One thing wrong in a roster, with its place in the spreadsheet."""

    row: int
    column: str
    sentence: str

    def __str__(self) -> str:
        place = f"Row {self.row}, column {self.column}" if self.column else f"Row {self.row}"
        return f"{place}: {self.sentence}"


@dataclass(frozen=True, kw_only=True)
class Change:
    """A cell that differs from what is known: told as words."""

    column: str
    before: str
    after: str


def told(value: Value | None) -> str:
    """A value as a roster would write it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)


def changes_between(before: Mapping[str, Value | None], after: Mapping[str, Value | None]) -> list[Change]:
    """The columns of `after` that differ; 1.0 and 1.00 do not."""
    return [
        Change(column=column, before=told(before[column]), after=told(value))
        for column, value in after.items()
        if before[column] != value
    ]


def read_row(number: int, cells: Mapping[str, str]) -> tuple[dict[str, Value], list[Problem]]:
    """The row's values by column (only of the columns that are there), and what is wrong with it."""
    values: dict[str, Value] = {}
    problems = []
    for column, text in cells.items():
        try:
            values[column] = READERS[column](column, text)
        except ValueError as error:
            problems.append(Problem(row=number, column=column, sentence=str(error)))
    return values, problems


def check_columns(columns: list[str]) -> list[Problem]:
    """Unknown columns are refused: a misspelt one would silently change nothing."""
    problems = [
        Problem(row=1, column=column, sentence=f"unknown; a roster has {', '.join(COLUMNS)}.")
        for column in columns
        if column not in COLUMNS
    ]
    if "external_id" not in columns:
        problems.append(Problem(row=1, column="external_id", sentence="this column is required."))
    return problems


def read_text(column: str, text: str) -> str:
    if len(text) > LONGEST[column]:
        raise ValueError(f"at most {LONGEST[column]} characters, here {len(text)}.")
    return text


def read_external_id(column: str, text: str) -> str:
    if not text:
        raise ValueError("each contestant needs an id of the organiser's.")
    return read_text(column, text)


def read_extra_minutes(_column: str, text: str) -> int:
    if not text:
        return 0
    if not (text.isascii() and text.isdigit()) or int(text) > MOST_EXTRA_MINUTES:
        raise ValueError(f"“{text}” is not a whole number of minutes from 0 to {MOST_EXTRA_MINUTES}.")
    return int(text)


def read_time_factor(_column: str, text: str) -> Decimal:
    if not text:
        return Decimal(1)
    least, most = TIME_FACTORS
    try:
        factor = Decimal(text.replace(",", "."))
    except InvalidOperation:
        factor = Decimal(0)
    # NaN compares with nothing; a third decimal would be rounded away behind the organiser's back.
    if not factor.is_finite() or not least <= factor <= most or factor != factor.quantize(Decimal("0.01")):
        raise ValueError(f"“{text}” is not a factor like 1.25, from {least} to {most} with two decimals.")
    return factor


def read_yes(_column: str, text: str) -> bool:
    if text.casefold() in YES:
        return True
    if text.casefold() in NO:
        return False
    raise ValueError(f"“{text}” is neither yes nor no.")


READERS: dict[str, Callable[[str, str], Value]] = {
    **dict.fromkeys(LONGEST, read_text),
    "external_id": read_external_id,
    "extra_minutes": read_extra_minutes,
    "time_factor": read_time_factor,
    "may_publish_name": read_yes,
}

"""The table of new keys that an organiser prints slips from; it exists once, at the moment of issuing."""

from collections.abc import Iterable, Sequence

from apps.access.services.issuing import IssuedKey
from apps.core.sheets import Cell, csv_text, xlsx_bytes

COLUMNS = ("number", "external_id", "name", "school", "time_block", "key", "hint", "batch")


def keys_csv(issued: Iterable[IssuedKey]) -> str:
    """The keys with what stands beside them on a slip, as CSV."""
    return csv_text(COLUMNS, rows_of(issued))


def keys_xlsx(issued: Sequence[IssuedKey]) -> bytes:
    """The same as a workbook; contestant numbers stay texts there, with their zeros."""
    return xlsx_bytes(COLUMNS, rows_of(issued), title=f"Keys, batch {issued[0].batch}")


def rows_of(issued: Iterable[IssuedKey]) -> Iterable[Sequence[Cell]]:
    return ([getattr(one, column) for column in COLUMNS] for one in issued)

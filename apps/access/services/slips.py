"""The table of new keys that an organiser prints slips from; it exists once, at the moment of issuing."""

from collections.abc import Iterable

from apps.access.services.issuing import IssuedKey
from apps.core.sheets import csv_text

COLUMNS = ("number", "external_id", "name", "school", "time_block", "key", "hint", "batch")


def keys_csv(issued: Iterable[IssuedKey]) -> str:
    """The keys with what stands beside them on a slip, as CSV."""
    return csv_text(COLUMNS, ([getattr(one, column) for column in COLUMNS] for one in issued))

"""Who stands where: equal totals share a rank, and the ranks after them are left out (1-2-2-4)."""

from collections.abc import Hashable, Mapping
from decimal import Decimal
from typing import TypeVar

Key = TypeVar("Key", bound=Hashable)


def shared_ranks(totals: Mapping[Key, Decimal | None]) -> dict[Key, int | None]:
    """The rank of each total, the highest first; whoever has no total (absent, disqualified) has no rank."""
    ranked = sorted((total for total in totals.values() if total is not None), reverse=True)
    first_place: dict[Decimal, int] = {}
    for place, total in enumerate(ranked, start=1):
        first_place.setdefault(total, place)
    return {key: None if total is None else first_place[total] for key, total in totals.items()}


def ordinal(rank: int) -> str:
    """1st, 2nd, 3rd, 4th, 11th, 112th."""
    teens = 10 < rank % 100 < 14  # noqa: PLR2004 - eleventh to thirteenth
    return f"{rank}{'th' if teens else {1: 'st', 2: 'nd', 3: 'rd'}.get(rank % 10, 'th')}"

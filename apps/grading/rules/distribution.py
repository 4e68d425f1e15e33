"""How totals are spread over the points of a paper."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from apps.exams.rules.points import show_points

MOST_BINS = 16


@dataclass(frozen=True, slots=True)
class Bin:
    """Totals from `low` on and below the next bin's `low`; the last one ends with the maximum."""

    low: Decimal
    label: str
    count: int


@dataclass(frozen=True, slots=True)
class Spread:
    """The bins with the usual figures of the totals; there is at least one total."""

    bins: Sequence[Bin]
    count: int
    mean: Decimal
    median: Decimal
    highest: Decimal
    maximum: Decimal

    @property
    def tallest(self) -> int:
        return max(one.count for one in self.bins)


def spread_of(totals: Sequence[Decimal], maximum: Decimal) -> Spread | None:
    """None without totals: there is nothing to spread."""
    if not totals:
        return None
    ordered = sorted(totals)
    middle = len(ordered) // 2
    return Spread(
        bins=list_bins(ordered, maximum),
        count=len(ordered),
        mean=sum(ordered, Decimal(0)) / len(ordered),
        median=(ordered[middle] + ordered[~middle]) / 2,
        highest=ordered[-1],
        maximum=maximum,
    )


def list_bins(totals: Sequence[Decimal], maximum: Decimal) -> list[Bin]:
    """Every bin from 0 to the maximum, empty ones too, so that gaps are seen."""
    width = bin_width(maximum)
    counts = [0] * (int(maximum / width) + 1)
    for total in totals:
        counts[int(total / width)] += 1
    whole = all(total == total.to_integral_value() for total in totals)
    return [
        Bin(
            low=Decimal(place * width),
            label=label_of(place * width, width, maximum, whole=whole),
            count=count,
        )
        for place, count in enumerate(counts)
    ]


def bin_width(maximum: Decimal) -> int:
    """The smallest of 1, 2, 5, 10, 20, 50 ... that needs no more bins than a page shows well."""
    return next(width for width in widths() if int(maximum / width) < MOST_BINS)


def widths() -> Iterator[int]:
    power = 1
    while True:
        yield from (power, 2 * power, 5 * power)
        power *= 10


def label_of(low: int, width: int, maximum: Decimal, *, whole: bool) -> str:
    """The totals a bin holds: "7", "6–7", or "6 to under 8" where there are half points."""
    next_low = low + width
    if next_low > maximum:
        return show_points(Decimal(low)) if low == maximum else f"{low}–{show_points(maximum)}"
    if whole:
        return f"{low}" if width == 1 else f"{low}–{next_low - 1}"
    return f"{low} to under {next_low}"

"""How the problems of an exam did, and how its totals spread: classical item analysis, exactly.

Everything is computed over complete papers: each row holds one contestant's points on every problem that
counts. Points have at most two decimal places and there are some thousand papers, so `Decimal` keeps every
sum exact; only a quotient and a square root are rounded, at the 28th digit.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

# Kelley (1939): of a normally distributed group, the highest and the lowest 27 % tell an item best.
TAIL = Decimal("0.27")
ENOUGH = 2

TOO_FEW = "fewer than 2 contestants"
SAME_POINTS = "everybody has the same points"
SAME_REST = "everybody has the same points on the rest"
NO_REST = "there is no other problem"
SAME_TOTALS = "everybody has the same total"


@dataclass(frozen=True, slots=True)
class Index:
    """A figure, or the reason why there is none."""

    value: Decimal | None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemFigures:
    """One problem; `full`, `some` and `none` count the contestants with all, some and no points."""

    maximum: Decimal
    mean: Index
    facility: Index
    discrimination: Index
    upper_lower: Index
    full: int
    some: int
    none: int


def analyse(rows: Sequence[Sequence[Decimal]], maxima: Sequence[Decimal]) -> list[ItemFigures]:
    """The figures of each problem; a row for each contestant, a column for each problem."""
    totals = [sum(row, Decimal(0)) for row in rows]
    figures = []
    for place, maximum in enumerate(maxima):
        points = [row[place] for row in rows]
        rest = [total - own for total, own in zip(totals, points, strict=True)]
        alone = len(maxima) == 1
        figures.append(
            ItemFigures(
                maximum=maximum,
                mean=mean(points),
                facility=facility(points, maximum),
                discrimination=Index(None, NO_REST) if alone else correlation(points, rest),
                upper_lower=upper_lower(points, totals, maximum),
                full=sum(1 for own in points if own >= maximum),
                some=sum(1 for own in points if 0 < own < maximum),
                none=sum(1 for own in points if not own),
            )
        )
    return figures


def mean(values: Sequence[Decimal]) -> Index:
    if not values:
        return Index(None, "no contestants")
    return Index(sum(values, Decimal(0)) / len(values))


def facility(points: Sequence[Decimal], maximum: Decimal) -> Index:
    """The facility index: the mean share of a problem's points, from 0 (nobody got any) to 1 (all did).

        facility = (x1 + ... + xn) / (n * maximum)

    For problems that are right or wrong this is the proportion of right answers, the item difficulty p of
    Crocker and Algina, "Introduction to Classical and Modern Test Theory" (1986). With partial points the
    mean takes its place, divided by the maximum so that problems can be compared.
    """
    average = mean(points)
    return average if average.value is None else Index(average.value / maximum)


def correlation(points: Sequence[Decimal], rest: Sequence[Decimal]) -> Index:
    """The discrimination index: Pearson's correlation of a problem's points with those on all the others.

        r = (n * sum(x*y) - sum(x) * sum(y)) / sqrt((n * sum(x*x) - sum(x)**2) * (n * sum(y*y) - sum(y)**2))

    where x is what somebody has on this problem and y = total - x. For a right-or-wrong problem it is the
    point-biserial correlation. The rest is taken, not the total, because a problem correlates with itself:
    the shorter the paper, the more it would flatter itself. Henrysson, "Correction of item-total
    correlations in item analysis", Psychometrika 28 (1963), 211-218; Crocker and Algina (1986).
    """
    n = len(points)
    if n < ENOUGH:
        return Index(None, TOO_FEW)
    sum_x, sum_y = sum(points, Decimal(0)), sum(rest, Decimal(0))
    products = sum((x * y for x, y in zip(points, rest, strict=True)), Decimal(0))
    spread_x = n * sum((x * x for x in points), Decimal(0)) - sum_x * sum_x
    spread_y = n * sum((y * y for y in rest), Decimal(0)) - sum_y * sum_y
    if not spread_x:
        return Index(None, SAME_POINTS)
    if not spread_y:
        return Index(None, SAME_REST)
    r = (n * products - sum_x * sum_y) / (spread_x * spread_y).sqrt()
    # The rounded square root may be a hair too small.
    return Index(max(Decimal(-1), min(Decimal(1), r)))


def upper_lower(points: Sequence[Decimal], totals: Sequence[Decimal], maximum: Decimal) -> Index:
    """The upper-lower index: how much better the best 27 % did on a problem than the last 27 %.

        D = (mean of the upper group - mean of the lower group) / maximum

    The groups are formed by the totals and have the same size, 27 % of all rounded to a whole number, at
    least 1. Contestants who tie at the edge of a group share its last places evenly, so that the order in
    which they happen to stand changes nothing. The size: Kelley, "The selection of upper and lower groups
    for the validation of test items", Journal of Educational Psychology 30 (1939), 17-24. The index: Ebel
    and Frisbie, "Essentials of Educational Measurement" (5th edition, 1991), there with proportions of right
    answers, here with shares of the points.
    """
    n = len(points)
    if n < ENOUGH:
        return Index(None, TOO_FEW)
    if min(totals) == max(totals):
        return Index(None, SAME_TOTALS)
    size = max(1, int((TAIL * n).to_integral_value(ROUND_HALF_UP)))
    upper = tail_sum(points, totals, size)
    lower = tail_sum(points, [-total for total in totals], size)
    return Index((upper - lower) / (size * maximum))


def tail_sum(points: Sequence[Decimal], order: Sequence[Decimal], size: int) -> Decimal:
    """The points of the `size` highest in this order; who ties for the last places counts in part."""
    edge = sorted(order, reverse=True)[size - 1]
    above = [own for own, place in zip(points, order, strict=True) if place > edge]
    tied = [own for own, place in zip(points, order, strict=True) if place == edge]
    return sum(above, Decimal(0)) + sum(tied, Decimal(0)) * (size - len(above)) / len(tied)

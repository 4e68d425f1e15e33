"""How the problems of an exam did: over a frozen publication, or over the scores as they stand."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from apps.grading.enums import Standing
from apps.grading.models import Publication, Result
from apps.grading.rules.distribution import Spread, spread_of
from apps.grading.rules.item_analysis import ItemFigures, analyse
from apps.grading.selectors.tally import list_tally

Parts = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class ProblemFigures:
    number: int
    figures: ItemFigures


@dataclass(frozen=True, slots=True)
class Statistics:
    """Over the ranked contestants whose problems that count are all scored; `left_out` are the others."""

    paper_count: int
    left_out: int
    problems: Sequence[ProblemFigures]
    spread: Spread | None


def get_statistics(exam_id: int, publication: Publication | None) -> Statistics:
    """Of a publication in one query; without one, of the tally in its five."""
    if publication is not None:
        results = Result.objects.filter(publication=publication, status=Standing.RANKED).order_by()
        return statistics_of(results.values_list("problems", flat=True))
    return statistics_of(row.problems for row in list_tally(exam_id) if row.status == Standing.RANKED)


def statistics_of(papers: Iterable[Parts]) -> Statistics:
    counted = [[part for part in paper if part["counted"]] for paper in papers]
    complete = [parts for parts in counted if all(part["points"] is not None for part in parts)]
    problems = counted[0] if counted else []
    maxima = [Decimal(part["max_points"]) for part in problems]
    rows = [[Decimal(part["points"]) for part in parts] for parts in complete]
    totals = [sum(row, Decimal(0)) for row in rows]
    return Statistics(
        paper_count=len(complete),
        left_out=len(counted) - len(complete),
        problems=[
            ProblemFigures(part["number"], figures)
            for part, figures in zip(problems, analyse(rows, maxima), strict=True)
        ],
        spread=spread_of(totals, sum(maxima, Decimal(0))) if maxima else None,
    )

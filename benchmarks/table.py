"""The figures in words: what was reached, beside what was aimed at."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks.measuring import PARTS, Figure, Figures


@dataclass(frozen=True)
class Row:
    """One line of the table of aims. `least` says whether more is better."""

    name: str
    value: float | None
    aim: float
    stretch: float | None
    unit: str = ""
    least: bool = True
    by_cpu: float | None = None

    @property
    def verdict(self) -> str:
        if self.value is None:
            return "not measured"
        if self.stretch is not None and self.reaches(self.stretch):
            return "stretch"
        return "reached" if self.reaches(self.aim) else "MISSED"

    def reaches(self, bound: float) -> bool:
        assert self.value is not None  # noqa: S101 - asked only of measured rows
        return self.value >= bound if self.least else self.value <= bound

    @property
    def cells(self) -> list[str]:
        sign = "≥" if self.least else "≤"
        shown = "" if self.value is None else f"{self.value:.3g}{self.unit}"
        bounds = [
            f"{sign} {bound:g}{self.unit}" if bound is not None else "" for bound in (self.aim, self.stretch)
        ]
        by_cpu = "" if self.by_cpu is None else f"{self.by_cpu:.3g}"
        return [self.name, shown, by_cpu, *bounds, self.verdict]


def rows(figures: Figures) -> list[Row]:
    def ratio(name: str, reference: str, times: int = 1) -> float | None:
        above, below = figures.rounds.get(name, ()), figures.rounds.get(reference, ())
        if not above or not below:
            return None
        return median(one.rate * times / other.rate for one, other in zip(above, below, strict=True))

    def by_cpu(name: str, reference: str) -> float | None:
        above, below = figures.rounds.get(name, ()), figures.rounds.get(reference, ())
        if not above or not below:
            return None
        return median(served(other) / served(one) for one, other in zip(above, below, strict=True))

    saves = figures.rounds.get("save")
    save_cpu = median(served(one) for one in saves) if saves else None
    limits = {"save": 1, "heartbeat": 1, "enter with a key": 2, "paper page": 1, "hand in": 3}
    counts = [
        Row(f"SQL statements: {name}", figures.statements.get(name), aim, None, least=False)
        for name, aim in limits.items()
    ]
    return [
        *counts,
        Row(
            "save / Django hello",
            ratio("save", "Django hello"),
            0.25,
            0.40,
            by_cpu=by_cpu("save", "Django hello"),
        ),
        Row(
            "save / bare gunicorn hello",
            ratio("save", "bare gunicorn hello"),
            0.15,
            0.25,
            by_cpu=by_cpu("save", "bare gunicorn hello"),
        ),
        Row("save, CPU of application + database", save_cpu, 2.6, 1.8, " ms", least=False),
        Row(
            "save / naive ORM save that keeps revisions",
            ratio("save", "naive ORM save"),
            6,
            10,
            by_cpu=by_cpu("save", "naive ORM save"),
        ),
        Row(
            "answers/s in batches of four / pgbench of our statement",
            ratio("save of four", "pgbench, our save of one", 4),
            0.4,
            0.6,
        ),
        Row(
            "paper page / Django hello",
            ratio("paper page", "Django hello"),
            0.3,
            0.7,
            by_cpu=by_cpu("paper page", "Django hello"),
        ),
        Row(
            f"memory, {figures.held} contestants connected", figures.memory_mb, 600, None, " MB", least=False
        ),
    ]


def served(figure: Figure) -> float:
    """What an answer costs the server. Unlike a rate it does not depend on who else uses the machine."""
    return figure.cpu_ms["application"] + figure.cpu_ms["database"]


def write(figures: Figures) -> str:
    """For a terminal."""
    return "\n".join(
        [about(figures), "", *aligned(measured(figures)), "", *aligned(aims(figures)), "", *notes(figures)]
    )


def write_markdown(figures: Figures) -> str:
    """For docs/performance.md."""
    parts = [about(figures), "", *marked(aims(figures)), "", *marked(measured(figures)), "", *notes(figures)]
    return "\n".join(parts) + "\n"


def about(figures: Figures) -> str:
    told = figures.about
    options = ", ".join(f"{name} {value}" for name, value in told["options"].items())
    durable = ", ".join(f"{name} {value}" for name, value in told["durability"].items())
    return (
        f"Commit {told['commit']}, {told['at']}; {told['machine']}; "
        f"PostgreSQL {told['postgresql']} ({durable}); {told['pgbench']}; {options}."
    )


def aims(figures: Figures) -> list[list[str]]:
    return [["", "measured", "by CPU", "aim", "stretch", "verdict"], *(row.cells for row in rows(figures))]


def measured(figures: Figures) -> list[list[str]]:
    def middle(found: Sequence[Figure], read: Callable[[Figure], float], form: str) -> str:
        return format(median(read(one) for one in found), form)

    lines = [
        [
            "work",
            "per second",
            *(f"{part} ms" for part in PARTS),
            "p50 ms",
            "p99 ms",
            "bytes",
            "client",
            "elsewhere",
        ]
    ]
    for name, found in figures.rounds.items():
        lines.append(
            [
                name,
                middle(found, lambda one: one.rate, ",.0f"),
                *(middle(found, lambda one, part=part: one.cpu_ms[part], ".2f") for part in PARTS),
                middle(found, lambda one: one.p50_ms, ".1f"),
                middle(found, lambda one: one.p99_ms, ".1f"),
                middle(found, lambda one: one.largest, ",.0f"),
                middle(found, lambda one: one.client_share, ".0%"),
                middle(found, lambda one: one.elsewhere, ".2f"),
            ]
        )
    return lines


def notes(figures: Figures) -> list[str]:
    lines = [
        "CPU is for one answer. Client is its share of one core; elsewhere are cores busy with other work.",
        "By CPU: the same ratio by what an answer costs application and database, whatever else ran.",
    ]
    if not figures.whole:
        lines.append("NOT WHOLE: the number of revisions differs from what the answers say.")
    busiest = max((one.client_share for found in figures.rounds.values() for one in found), default=0)
    if busiest > CLIENT_LIMIT:
        lines.append(f"The client took up to {busiest:.0%} of a core: its figures are lower bounds.")
    stolen = max((one.stolen for found in figures.rounds.values() for one in found), default=0)
    busy = median([one.elsewhere for found in figures.rounds.values() for one in found] or [0])
    if stolen > NOTICEABLE or busy > NOTICEABLE:
        lines.append(
            f"The machine was not quiet: {busy:.2f} cores worked for others (median),"
            f" up to {stolen:.2f} were taken by the host. Trust counts, then CPU, then ratios."
        )
    return lines


CLIENT_LIMIT = 0.85
NOTICEABLE = 0.05


def aligned(lines: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(line[place]) for line in lines) for place in range(len(lines[0]))]
    return [
        "  ".join(
            cell.ljust(width) if place == 0 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        for line in lines
    ]


def marked(lines: Sequence[Sequence[str]]) -> list[str]:
    head, *body = lines
    rule = "|".join(["---", *("---:" for _ in head[1:])])
    return [f"| {' | '.join(head)} |", f"|{rule}|", *(f"| {' | '.join(line)} |" for line in body)]

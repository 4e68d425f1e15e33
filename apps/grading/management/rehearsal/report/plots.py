"""Plots as inline SVG: no script, no host, readable in print and by those who do not see colours."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 720, 220
LEFT, RIGHT, TOP, BOTTOM = 56, 16, 12, 32
ROW = 26
NAMES = 110
TICKS = 5
A_SECOND = 1000  # milliseconds


@dataclass(frozen=True)
class Curve:
    """A named line of (second, value), with gaps at None; `look` is its class in the style sheet."""

    name: str
    look: str
    points: Sequence[tuple[float, float | None]]


@dataclass(frozen=True)
class Axis:
    """From values to places, and the values that are written beside it."""

    place: Callable[[float], float]
    ticks: Sequence[float]
    label: Callable[[float], str]


def milliseconds(value: float) -> str:
    return f"{value / A_SECOND:g} s" if value >= A_SECOND else f"{value:g} ms"


def logarithmic(values: Sequence[float], low: float, high: float) -> Axis:
    """Decades from 1 ms to beyond the largest value."""
    most = max(3, math.ceil(math.log10(max([*values, 10.0]))))

    def place(value: float) -> float:
        return low + (high - low) * math.log10(max(value, 1.0)) / most

    return Axis(place, [10.0**decade for decade in range(most + 1)], milliseconds)


def linear(most: float, low: float, high: float, label: Callable[[float], str]) -> Axis:
    step = nice(most / TICKS)
    top = step * math.ceil(max(most, step) / step)
    ticks = [step * number for number in range(round(top / step) + 1)]
    return Axis(lambda value: low + (high - low) * value / top, ticks, label)


def nice(step: float) -> float:
    """The next round number: 1, 2 or 5 times a power of ten."""
    if step <= 0:
        return 1.0
    decade = 10.0 ** math.floor(math.log10(step))
    return next(decade * factor for factor in (1, 2, 5, 10) if decade * factor >= step * 0.999)


def clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def lines(curves: Sequence[Curve], *, title: str, is_log: bool, label: Callable[[float], str]) -> str:
    """Curves over the time of the rehearsal."""
    values = [value for curve in curves for _, value in curve.points if value is not None]
    last = max([second for curve in curves for second, _ in curve.points] or [1.0])
    x = linear(last, LEFT, WIDTH - RIGHT, clock)
    low, high = HEIGHT - BOTTOM, TOP
    y = logarithmic(values, low, high) if is_log else linear(max(values, default=1.0), low, high, label)
    parts = [*horizontal_grid(y), *(text(x.place(tick), HEIGHT - 10, clock(tick)) for tick in x.ticks)]
    for curve in curves:
        parts += [f'<polyline class="{curve.look}" points="{points}"/>' for points in strokes(curve, x, y)]
    return svg(HEIGHT, title, parts) + legend(curves)


def horizontal_grid(y: Axis) -> list[str]:
    grid = []
    for tick in y.ticks:
        at = y.place(tick)
        grid.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{at:.1f}" y2="{at:.1f}"/>')
        grid.append(text(LEFT - 6, at + 4, y.label(tick), anchor="end"))
    return grid


def strokes(curve: Curve, x: Axis, y: Axis) -> list[str]:
    """The unbroken pieces of a curve."""
    pieces: list[list[str]] = [[]]
    for second, value in curve.points:
        if value is None:
            pieces.append([])
        else:
            pieces[-1].append(f"{x.place(second):.1f},{y.place(value):.1f}")
    return [" ".join(piece) for piece in pieces if piece]


def ranges(rows: Sequence[tuple[str, float, float, float]], *, title: str) -> str:
    """One row per name: a bar from the median to the slowest of a hundred, a stroke at 95 %."""
    height = TOP + ROW * len(rows) + BOTTOM
    x = logarithmic([row[3] for row in rows], NAMES, WIDTH - RIGHT)
    parts = []
    for tick in x.ticks:
        at = x.place(tick)
        parts.append(f'<line class="grid" x1="{at:.1f}" x2="{at:.1f}" y1="{TOP}" y2="{height - BOTTOM}"/>')
        parts.append(text(at, height - 10, x.label(tick)))
    for number, (name, p50, p95, p99) in enumerate(rows):
        middle = TOP + ROW * number + ROW / 2
        begin, end = x.place(p50), max(x.place(p99), x.place(p50) + 2)
        parts.append(text(NAMES - 8, middle + 4, name, anchor="end"))
        parts.append(
            f'<rect class="range" x="{begin:.1f}" y="{middle - 6}" width="{end - begin:.1f}" height="12"/>'
        )
        for value, look in ((p50, "median"), (p95, "most")):
            at = x.place(value)
            parts.append(
                f'<line class="{look}" x1="{at:.1f}" x2="{at:.1f}" y1="{middle - 9}" y2="{middle + 9}"/>'
            )
    return svg(height, title, parts)


def text(x: float, y: float, words: str, *, anchor: str = "middle") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'


def svg(height: float, title: str, parts: Sequence[str]) -> str:
    return (
        f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(title)}">{"".join(parts)}</svg>'
    )


def legend(curves: Sequence[Curve]) -> str:
    entries = "".join(
        f'<li><svg viewBox="0 0 28 8" aria-hidden="true"><polyline class="{curve.look}" points="0,4 28,4"/>'
        f"</svg>{escape(curve.name)}</li>"
        for curve in curves
    )
    return f'<ul class="legend">{entries}</ul>'

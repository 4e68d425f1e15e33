"""The report as one HTML file: style and plots inside, nothing fetched from anywhere."""

from pathlib import Path
from typing import Any

from django.template import Context, Engine
from django.utils.safestring import SafeString, mark_safe

from apps.grading.management.rehearsal.report.plots import Curve, lines, ranges

HERE = Path(__file__).resolve().parent


def render(document: dict[str, Any]) -> str:
    """The page of a report; it shows what stands in the document, and computes nothing of its own."""
    engine = Engine(dirs=[str(HERE)], libraries={"l10n": "django.templatetags.l10n"})
    context = {
        "report": document,
        "style": mark_safe((HERE / "page.css").read_text()),  # noqa: S308 - a file of ours
        "plots": plots_of(document),
    }
    return engine.get_template("page.html").render(Context(context, use_l10n=False))


def plots_of(document: dict[str, Any]) -> list[tuple[str, str, SafeString]]:
    """Heading, explanation, picture. What is put into the pictures is escaped where they are made."""
    moments, load = document["timeline"], document["load"]
    plots = [
        (
            "How long each action took",
            "From the median (thick stroke) to the slowest of a hundred (end of the bar); the thin stroke"
            " is 95 %. Each step of the scale is ten times the one before.",
            ranges(
                [(row["action"], row["p50_ms"], row["p95_ms"], row["p99_ms"]) for row in document["actions"]],
                title="Median to 99th percentile of each action",
            ),
        ),
        (
            "The slowest of a hundred, over time",
            "In steps of five seconds, from the opening burst to the results.",
            lines(
                [
                    Curve("saving", "first", [(one["second"], one["save_p99_ms"]) for one in moments]),
                    Curve("pages", "second", [(one["second"], one["page_p99_ms"]) for one in moments]),
                ],
                title="99th percentiles over time",
                is_log=True,
                label=str,
            ),
        ),
        (
            "Calls per second",
            "Everything the crowd asked for.",
            lines(
                [Curve("calls", "first", [(one["second"], one["calls"]) for one in moments])],
                title="Calls per second over time",
                is_log=False,
                label=lambda value: f"{value:g}",
            ),
        ),
        (
            "Contestants and parents at it",
            "How many were entering, writing, handing in or reading.",
            lines(
                [Curve("people", "first", [(one["second"], one.get("sitting")) for one in load])],
                title="People over time",
                is_log=False,
                label=lambda value: f"{value:g}",
            ),
        ),
        (
            "Processors of the machine the crowd ran on",
            "Shares of all cores. “Stolen” is time that other guests of the host took.",
            lines(
                [
                    Curve("all work", "first", [(one["second"], one.get("busy")) for one in load]),
                    Curve("the crowd’s own", "second", [(one["second"], one.get("crowd")) for one in load]),
                    Curve("stolen", "third", [(one["second"], one.get("stolen")) for one in load]),
                ],
                title="Processor shares over time",
                is_log=False,
                label=lambda value: f"{value:.0%}",
            ),
        ),
    ]
    return [(heading, words, mark_safe(picture)) for heading, words, picture in plots]  # noqa: S308

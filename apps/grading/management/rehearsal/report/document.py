"""The report as a tree of plain values: the JSON file is this, and the page shows nothing else."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from apps.grading.management.rehearsal.conducting import Record
from apps.grading.management.rehearsal.machine import CORES
from apps.grading.management.rehearsal.measures import Pulse
from apps.grading.rules.rehearsal.checking import Finding
from apps.grading.rules.rehearsal.statistics import Figures, figures_of, stolen_seconds, timeline
from apps.grading.rules.rehearsal.verdict import (
    SAVES,
    Generator,
    Limits,
    capacity_by_cpu,
    capacity_by_steps,
    generator_of,
    judge,
)

FORMAT = "examgrader-rehearsal/1"
MOST_NAMED = 50
# In the order of a contestant's day; what is not named here comes after.
ORDER = (
    "entry",
    "enter",
    "cover",
    "start",
    "paper",
    "save",
    "heartbeat",
    "save by form",
    "submit page",
    "submit",
    "receipt",
    "result",
    "asset",
)


@dataclass(frozen=True)
class Setting:
    """What was rehearsed, and how."""

    exam: str
    title: str
    url: str
    version: str
    contestants: int
    processes: int
    seed: int
    loads_assets: bool
    burst_seconds: float
    writing_minutes: float
    closing_seconds: float
    herd_seconds: float
    is_search: bool


def build(setting: Setting, record: Record, limits: Limits) -> dict[str, Any]:
    """Everything that was measured, rounded once and for all."""
    crowd = record.crowd
    stolen = stolen_seconds(crowd.machine)
    figures = sorted(figures_of(crowd.samples, stolen), key=rank)
    generators = [
        generator_of([one.cpu for one in pulses], [one.lag for one in pulses]) for pulses in crowd.pulses
    ]
    share = len([one for one in crowd.machine if int(one.at) in stolen]) / max(1, len(crowd.machine))
    verdict = judge(
        figures=[] if setting.is_search else figures,
        findings=record.findings,
        gave_up=crowd.gave_up,
        generators=generators,
        stolen_share=share,
        limits=limits,
        # Only of the server's own machine anything can be said from here.
        busy=0.0 if record.server_cores is None else mean_busy(record),
    )
    capacity = (
        capacity_by_steps(record.steps, limits)
        if setting.is_search
        else capacity_by_cpu(contestants=setting.contestants, server_cores=record.server_cores, cores=CORES)
    )
    start = record.bells["start"]
    return {
        "format": FORMAT,
        "setting": asdict(setting),
        "started_at": datetime.fromtimestamp(start, UTC).isoformat(timespec="seconds"),
        "seconds": round(max((one.started_at + one.seconds for one in crowd.samples), default=start) - start),
        "bells": {name: round(at - start, 1) for name, at in record.bells.items()},
        "verdict": asdict(verdict),
        "integrity": integrity(record),
        "actions": [action(one, record.statements, limits) for one in figures],
        "statements": record.statements,
        "errors": dict(Counter(f"{one.action}: {one.error}" for one in crowd.samples if one.error)),
        "gave_up": crowd.gave_up[:MOST_NAMED],
        "generator": [generator(one) for one in generators],
        "machine": machine(record, share),
        "capacity": asdict(capacity),
        "steps": [step | {"save_p99_ms": ms(step.pop("save_p99"))} for step in map(asdict, record.steps)],
        "timeline": [
            {
                "second": one.second,
                "calls": round(one.calls, 1),
                "errors": one.errors,
                "save_p99_ms": None if one.save_p99 is None else ms(one.save_p99),
                "page_p99_ms": None if one.page_p99 is None else ms(one.page_p99),
            }
            for one in timeline(crowd.samples, start, saves=SAVES)
        ],
        "load": load(record, start),
    }


def rank(figures: Figures) -> tuple[int, str]:
    return (ORDER.index(figures.action) if figures.action in ORDER else len(ORDER)), figures.action


def ms(seconds: float) -> float:
    return round(seconds * 1000, 1)


def action(figures: Figures, statements: Mapping[str, int], limits: Limits) -> dict[str, Any]:
    return {
        "action": figures.action,
        "count": figures.count,
        "errors": figures.errors,
        "p50_ms": ms(figures.p50),
        "p95_ms": ms(figures.p95),
        "p99_ms": ms(figures.p99),
        "worst_ms": ms(figures.worst),
        "quiet_count": figures.quiet_count,
        "quiet_p99_ms": ms(figures.quiet_p99) if figures.quiet_count else None,
        "limit_ms": ms(limits.of(figures.action)),
        "statements": statements.get(figures.action),
    }


def integrity(record: Record) -> dict[str, Any]:
    findings = record.findings

    def named(some: Sequence[Finding]) -> list[dict[str, Any]]:
        return [asdict(finding) for finding in some[:MOST_NAMED]]

    return {
        "edits": findings.edits,
        "acked": findings.acked,
        "stored": findings.stored,
        "lost": len(findings.lost),
        "duplicated": len(findings.duplicated),
        "phantom": len(findings.phantom),
        "named": named([*findings.lost, *findings.duplicated, *findings.phantom]),
    }


def generator(one: Generator) -> dict[str, Any]:
    return {
        "cpu": round(one.cpu, 3),
        "busiest": round(one.busiest, 3),
        "full_share": round(one.full_share, 3),
        "late_share": round(one.late_share, 3),
        "is_saturated": one.is_saturated,
        "is_starved": one.is_starved,
    }


def machine(record: Record, stolen_share: float) -> dict[str, Any] | None:
    """None where the system does not tell."""
    seconds = record.crowd.machine
    if not seconds:
        return None
    return {
        "cores": CORES,
        "seconds": len(seconds),
        "busy": round(mean_busy(record), 3),
        "stolen": round(sum(one.stolen for one in seconds) / len(seconds), 4),
        "stolen_seconds_share": round(stolen_share, 3),
        "server_cores": None if record.server_cores is None else round(record.server_cores, 2),
    }


def mean_busy(record: Record) -> float:
    seconds = record.crowd.machine
    return sum(one.busy for one in seconds) / max(1, len(seconds))


def load(record: Record, start: float) -> list[dict[str, Any]]:
    """Second by second: how busy the machine was, how busy the crowd, and how many sat.

    Where a process said nothing for a second, what it said last holds.
    """
    readings = {int(one.at - start): one for one in record.crowd.machine}
    pulses = [{int(one.at - start): one for one in some} for some in record.crowd.pulses]
    last: list[Pulse | None] = [None] * len(pulses)
    rows = []
    for second in range(max((*readings, *(one for some in pulses for one in some)), default=-1) + 1):
        last = [some.get(second, before) for some, before in zip(pulses, last, strict=True)]
        heard = [one for one in last if one is not None]
        reading = readings.get(second)
        rows.append(
            {
                "second": second,
                "busy": None if reading is None else round(reading.busy, 3),
                "stolen": None if reading is None else round(reading.stolen, 3),
                "crowd": round(sum(one.cpu for one in heard) / CORES, 3),
                "sitting": sum(one.sitting for one in heard),
            }
        )
    return rows

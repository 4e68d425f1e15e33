"""Percentiles and timelines of what a crowd measured."""

import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

# A second in which the machine was denied at least this share of its time tells of the machine's owner.
STOLEN_SHARE = 0.01
BUCKET_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Sample:
    """One call: what, when (wall clock, seconds), how long, and what went wrong ("" if nothing did)."""

    action: str
    started_at: float
    seconds: float
    error: str = ""


@dataclass(frozen=True, slots=True)
class MachineSecond:
    """One second of this machine: shares of all its cores that were busy, and that were stolen from it."""

    at: float
    busy: float
    stolen: float


@dataclass(frozen=True, slots=True)
class Figures:
    """What came of one action. Times in seconds; the `quiet` ones without the seconds with stolen CPU."""

    action: str
    count: int
    errors: int
    p50: float
    p95: float
    p99: float
    worst: float
    quiet_count: int
    quiet_p99: float


@dataclass(frozen=True, slots=True)
class Moment:
    """A few seconds of the rehearsal."""

    second: int
    calls: float
    errors: int
    save_p99: float | None
    page_p99: float | None


def percentile(ordered: Sequence[float], share: float) -> float:
    """The nearest-rank percentile of ordered values: one that was really measured. 0 of none."""
    if not ordered:
        return 0.0
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def stolen_seconds(machine: Iterable[MachineSecond]) -> frozenset[int]:
    """The seconds of the wall clock that were not wholly ours. A reading tells of the second before it."""
    return frozenset(
        whole for one in machine if one.stolen >= STOLEN_SHARE for whole in (int(one.at) - 1, int(one.at))
    )


def is_quiet(call: Sample, stolen: Collection[int]) -> bool:
    """Whether no second of the call was stolen."""
    return not any(
        second in stolen for second in range(int(call.started_at), int(call.started_at + call.seconds) + 1)
    )


def figures_of(calls: Iterable[Sample], stolen: Collection[int]) -> list[Figures]:
    """The figures of each action. Calls that failed count as errors, and their time counts too."""
    by_action: dict[str, list[Sample]] = defaultdict(list)
    for call in calls:
        by_action[call.action].append(call)
    return [_figures(action, some, stolen) for action, some in by_action.items()]


def _figures(action: str, calls: Sequence[Sample], stolen: Collection[int]) -> Figures:
    times = sorted(call.seconds for call in calls)
    quiet = sorted(call.seconds for call in calls if is_quiet(call, stolen))
    return Figures(
        action=action,
        count=len(times),
        errors=sum(bool(call.error) for call in calls),
        p50=percentile(times, 0.5),
        p95=percentile(times, 0.95),
        p99=percentile(times, 0.99),
        worst=times[-1] if times else 0.0,
        quiet_count=len(quiet),
        quiet_p99=percentile(quiet, 0.99),
    )


def timeline(calls: Iterable[Sample], start: float, *, saves: Collection[str]) -> list[Moment]:
    """The rehearsal in steps of some seconds, from its start on."""

    def bucket(call: Sample) -> int:
        return int(call.started_at - start) // BUCKET_SECONDS

    moments = []
    for step, group in groupby(sorted(calls, key=bucket), key=bucket):
        some = list(group)
        times = {
            is_save: sorted(call.seconds for call in some if (call.action in saves) is is_save)
            for is_save in (True, False)
        }
        moments.append(
            Moment(
                second=step * BUCKET_SECONDS,
                calls=len(some) / BUCKET_SECONDS,
                errors=sum(bool(call.error) for call in some),
                save_p99=percentile(times[True], 0.99) if times[True] else None,
                page_p99=percentile(times[False], 0.99) if times[False] else None,
            )
        )
    return moments

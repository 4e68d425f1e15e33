"""Go or no-go, with every reason; what makes figures doubtful; and how many contestants would still fit."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from apps.grading.rules.rehearsal.checking import Findings
from apps.grading.rules.rehearsal.statistics import Figures

SAVES = ("save", "heartbeat", "save by form")
# Below so many calls in quiet seconds their percentile is an anecdote: all calls are judged.
FEWEST_QUIET = 20
# A core that a process of the crowd used more than this of leaves it no time to look at the clock.
SATURATED_CPU = 0.9
SATURATED_SECONDS = 0.05
LATE_SECONDS = 0.25
# A machine that never rests is short of processors, whoever uses them.
FULL_MACHINE = 0.95
# How busy a machine may be before calls begin to queue; an old rule of thumb, and a cautious one.
SAFE_BUSY = 0.75
FARTHEST_GUESS = 5


@dataclass(frozen=True)
class Limits:
    """How long the slowest of a hundred may take, in seconds."""

    save_p99: float = 0.5
    page_p99: float = 3.0

    def of(self, action: str) -> float:
        return self.save_p99 if action in SAVES else self.page_p99


@dataclass(frozen=True, slots=True)
class Generator:
    """How one process of the crowd fared; shares are of its seconds."""

    cpu: float
    busiest: float
    full_share: float
    late_share: float

    @property
    def is_saturated(self) -> bool:
        return self.full_share > SATURATED_SECONDS

    @property
    def is_starved(self) -> bool:
        """It had work and no processor: others took them."""
        return not self.is_saturated and self.late_share > SATURATED_SECONDS


@dataclass(frozen=True)
class Verdict:
    """`reasons` are what speaks against it; `doubts` what the figures should be read with."""

    is_go: bool
    reasons: tuple[str, ...]
    doubts: tuple[str, ...]


def generator_of(cpu: Sequence[float], lag: Sequence[float]) -> Generator:
    """From the pulses of one process, a second each."""
    if not cpu:
        return Generator(0.0, 0.0, 0.0, 0.0)
    return Generator(
        cpu=sum(cpu) / len(cpu),
        busiest=max(cpu),
        full_share=sum(one >= SATURATED_CPU for one in cpu) / len(cpu),
        late_share=sum(one >= LATE_SECONDS for one in lag) / len(lag),
    )


def judge(
    *,
    figures: Iterable[Figures],
    findings: Findings,
    gave_up: Sequence[str],
    generators: Sequence[Generator],
    stolen_share: float,
    limits: Limits,
    busy: float = 0.0,
) -> Verdict:
    """Go only if nothing was lost, doubled or made up, nothing failed, and nothing took too long."""
    figures = list(figures)
    slow = [
        f"{one.action}: the slowest of a hundred took {ms(judged_p99(one))}, the limit is"
        f" {ms(limits.of(one.action))}"
        for one in figures
        if judged_p99(one) > limits.of(one.action)
    ]
    counted: Mapping[str, int] = {
        "acknowledged edits were lost": len(findings.lost),
        "edits were stored twice": len(findings.duplicated),
        "stored texts were sent by nobody": len(findings.phantom),
        "contestants or parents gave up": len(gave_up),
        "calls failed": sum(one.errors for one in figures),
    }
    reasons = [f"{count} {what}" for what, count in counted.items() if count] + slow
    if findings.acked == 0:
        reasons.append("no edit was acknowledged")
    doubts = _doubts(generators, stolen_share, busy, is_slow=bool(slow))
    return Verdict(not reasons, tuple(reasons), tuple(doubts))


def judged_p99(figures: Figures) -> float:
    return figures.quiet_p99 if figures.quiet_count >= FEWEST_QUIET else figures.p99


def ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"


def _doubts(generators: Sequence[Generator], stolen_share: float, busy: float, *, is_slow: bool) -> list[str]:
    doubts = []
    if busy >= FULL_MACHINE:
        doubts.append(
            f"The server's machine was busy {busy:.0%} of the time. If anything runs there besides the"
            " deployment, end it and rehearse again."
        )
    if any(one.is_saturated for one in generators):
        doubts.append(
            "The crowd itself was saturated: it used up its processors, so times are longer than the"
            " server's. Run it from another machine, or with fewer contestants."
        )
    elif any(one.is_starved for one in generators):
        doubts.append(
            "The crowd waited for processors that others used, so times are longer than the server's"
            + (". Run it from another machine to see the server alone." if is_slow else ".")
        )
    if stolen_share:
        doubts.append(
            f"In {stolen_share:.0%} of the seconds other guests of this computer's host took processor"
            " time; those seconds are left out where percentiles are judged."
        )
    return doubts


@dataclass(frozen=True)
class Capacity:
    """How many contestants this deployment would carry, and how we know. `count` is None if we do not."""

    count: int | None
    is_least: bool
    how: str


def capacity_by_cpu(*, contestants: int, server_cores: float | None, cores: int) -> Capacity:
    """From the processor time the server took while everybody wrote: twice as many take twice as much."""
    if server_cores is None:
        how = "not known: the server is another machine, whose processors are not seen from here;"
        return Capacity(None, is_least=False, how=f"{how} --find-limit measures it")
    guess = int(contestants * SAFE_BUSY * cores / max(server_cores, 0.001))
    farthest = contestants * FARTHEST_GUESS
    how = (
        f"estimated: while {contestants} wrote, everything but the crowd used {server_cores:.2f} of {cores}"
        f" cores; reckoned up to {SAFE_BUSY:.0%} of them"
    )
    if guess > farthest:
        return Capacity(
            farthest, is_least=True, how=f"{how}, and never to more than {FARTHEST_GUESS} times as many"
        )
    return Capacity(guess, is_least=False, how=how)


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the search for the limit: so many wrote at once, and this is how saving went."""

    contestants: int
    save_p99: float
    saves: int
    errors: int

    def holds(self, limits: Limits) -> bool:
        return self.errors == 0 and self.saves > 0 and self.save_p99 < limits.save_p99

    @property
    def trouble(self) -> str:
        """Why it did not hold, if it did not."""
        if self.errors:
            return f"{self.errors} errors"
        if not self.saves:
            return "no save at all; a longer --step measures some"
        return f"save p99 {ms(self.save_p99)}"


def capacity_by_steps(steps: Sequence[Step], limits: Limits) -> Capacity:
    """The highest number that held, up to the first that did not."""
    held = 0
    for step in steps:
        if not step.holds(limits):
            how = f"measured in steps: {step.contestants} gave {step.trouble}"
            return Capacity(held, is_least=False, how=how)
        held = step.contestants
    return Capacity(held, is_least=True, how="measured in steps: all of them held")

"""What the sitting counts (docs/metrics.md).

Counters are kept by each process for itself; nothing here asks a database. Figures that are read from
SQL belong to `selectors/sitting_now.py`.
"""

from collections.abc import Iterable

from prometheus_client import Counter, Histogram

CALLS = Counter(
    "examgrader_save_calls_total",
    "Calls of the save path, by what they were told.",
    ["outcome"],
)
EDITS = Counter(
    "examgrader_edits_total",
    "Edits that were committed, by what became of them; a replayed one had been committed before.",
    ["state"],
)
SECONDS = Histogram(
    "examgrader_save_seconds",
    "From the arrival of a call of the save path to its answer.",
    ["kind"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.3, 1, 2, 5, 10),
)
WAITED = Histogram(
    "examgrader_edit_wait_seconds",
    "How long the oldest edit of a batch had waited on the contestant's device, as the device says.",
    buckets=(1, 2, 5, 10, 15, 30, 60, 300, 1800),
)
MARGIN = Histogram(
    "examgrader_deadline_margin_seconds",
    "Seconds that were left until the paper's deadline; below zero is within the grace.",
    ["act"],
    buckets=(0, 10, 30, 60, 120, 300, 900, 3600),
)

# Found once: looking a label up costs more than counting does.
OUTCOMES = {
    outcome: CALLS.labels(outcome)
    for outcome in ("kept", "heartbeat", "closed", "refused", "signed_out", "busy", "failed")
}
STATES = {state: EDITS.labels(state) for state in ("current", "conflict", "late", "replayed")}
SAVE_SECONDS, HEARTBEAT_SECONDS = SECONDS.labels("save"), SECONDS.labels("heartbeat")
SAVE_MARGIN, HAND_IN_MARGIN = MARGIN.labels("save"), MARGIN.labels("hand_in")


def count_call(outcome: str, seconds: float, *, has_edits: bool) -> None:
    """Count one call of the save path."""
    OUTCOMES[outcome].inc()
    (SAVE_SECONDS if has_edits else HEARTBEAT_SECONDS).observe(seconds)


def count_edits(states: Iterable[str], *, margin: float) -> None:
    """Count what became of each edit; `margin` seconds were left until the deadline."""
    for state in states:
        STATES[state].inc()
    SAVE_MARGIN.observe(margin)

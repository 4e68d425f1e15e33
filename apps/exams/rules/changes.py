"""Which changes to an exam are free, ask first, or are refused, once somebody has started or been scored.

One table for the console and for everything else that edits an exam. Before the first start, all is free.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, IntEnum


class Reach(IntEnum):
    """How far an exam, or one problem of it, has come."""

    NEW = 0
    STARTED = 1
    SCORED = 2


class Verdict(Enum):
    FREE = "free"
    ASK = "ask"
    REFUSE = "refuse"


FREE, ASK, REFUSE = Verdict


@dataclass(frozen=True, slots=True)
class Rule:
    """What is changed, the verdict once somebody has started and once scores were given, and why."""

    what: str
    started: Verdict
    scored: Verdict
    why: str = ""

    def verdict_at(self, reach: Reach) -> Verdict:
        return {Reach.NEW: FREE, Reach.STARTED: self.started, Reach.SCORED: self.scored}[reach]


_KEEP_DEADLINE = "Papers already started keep their deadline; it is moved on the page of papers."
_TOLD_TIMES = f"Contestants were told the old times. {_KEEP_DEADLINE}"

RULES: dict[str, Rule] = {
    "exam.title": Rule("the title", FREE, FREE),
    "exam.slug": Rule("the slug", REFUSE, REFUSE, "Receipts name it, and the address of the results."),
    "exam.zone": Rule("the zone", ASK, ASK, "Contestants read their times in it; no deadline moves."),
    "exam.clock": Rule(
        "the clock", REFUSE, REFUSE, "Whoever starts later would sit another exam than the others."
    ),
    "exam.duration_minutes": Rule("the duration", ASK, ASK, _KEEP_DEADLINE),
    "exam.late_start": Rule("what a late start gets", ASK, ASK, _KEEP_DEADLINE),
    "exam.grace_seconds": Rule("the grace", ASK, ASK, "Papers already started keep theirs."),
    "exam.blind": Rule("blind grading", FREE, ASK, "Some answers were scored under the old rule."),
    "exam.results": Rule(
        "who sees results", ASK, ASK, "Contestants started under the old rule; some may not want a list."
    ),
    "exam.instructions": Rule("the instructions", ASK, ASK, "Contestants have read the old ones."),
    "exam.draft": Rule("the status", REFUSE, REFUSE, "Papers were started. Close the exam instead."),
    "block.added": Rule("a new time block", FREE, FREE),
    "block.removed": Rule("a time block that goes", ASK, ASK, "Contestants may have been told of it."),
    "block.name": Rule("the name of a time block", FREE, FREE),
    "block.zone": Rule("the zone of a time block", ASK, ASK, _TOLD_TIMES),
    "block.opens_at": Rule("when a time block opens", ASK, ASK, _TOLD_TIMES),
    "block.last_entry_at": Rule("the last entry of a time block", ASK, ASK, _TOLD_TIMES),
    "block.closes_at": Rule("when a time block closes", ASK, ASK, _TOLD_TIMES),
    "problem.added": Rule("a new problem", REFUSE, REFUSE, "Papers already started have no answer for it."),
    "problem.removed": Rule(
        "a problem that goes", REFUSE, REFUSE, "Papers hold answers to it. It can be “not counted” instead."
    ),
    "problem.number": Rule("the number", REFUSE, REFUSE, "Answers stand under the old number."),
    "problem.kind": Rule("the kind", REFUSE, REFUSE, "Answers of the old kind are there."),
    "problem.max_points": Rule(
        "the points", ASK, REFUSE, "Contestants have read the old ones, and scores are given out of them."
    ),
    "problem.accepted": Rule(
        "the accepted answers", FREE, ASK, "Scores were given by the old ones, and stay as they are."
    ),
    "problem.solution": Rule("the solution", FREE, FREE),
    "problem.pages": Rule("whether photos are taken", ASK, ASK, "Papers already started show the old form."),
    "problem.not_counted": Rule(
        "whether it is counted", ASK, ASK, "Contestants have spent time on it; it changes everybody's total."
    ),
    "problem.not_counted_reason": Rule("why it is not counted", FREE, FREE),
    "statement.text": Rule(
        "the statement", ASK, ASK, "Contestants have read it. Tell them in the note what changed."
    ),
    "statement.labels": Rule("the labels of the choices", REFUSE, REFUSE, "Answers name them."),
    "statement.note": Rule("the note", FREE, FREE),
    "figure.added": Rule("a new figure", FREE, FREE),
    "figure.replaced": Rule("a figure that is shown", ASK, ASK, "Contestants have seen the old one."),
    "figure.removed": Rule("a figure that nothing shows", FREE, FREE),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Objection:
    """A change that is not free, with what there is to say against it."""

    kind: str
    what: str
    verdict: Verdict
    why: str

    def __str__(self) -> str:
        return f"{self.what[0].upper()}{self.what[1:]}: {self.why}"


def objections(reach: Reach, kinds: Iterable[str]) -> tuple[Objection, ...]:
    """What stands against these kinds of change once an exam has come so far, in their order."""
    rules = ((kind, RULES[kind]) for kind in kinds)
    return tuple(
        Objection(kind, rule.what, verdict, rule.why)
        for kind, rule in rules
        if (verdict := rule.verdict_at(reach)) is not FREE
    )

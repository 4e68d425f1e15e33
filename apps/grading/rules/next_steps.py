"""The one next thing to do in an exam, for somebody who may do some of it."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum

from apps.exams.rules import roles
from apps.grading.enums import Stage

TO_COME = (Stage.DRAFT, Stage.BEFORE, Stage.ENTRY, Stage.BETWEEN)
SITTING = (Stage.ENTRY, Stage.RUNNING)


class Step(StrEnum):
    """Where the next thing is done; the page knows the address of each."""

    PROBLEM = "problem"
    BLOCK = "block"
    CONTESTANTS = "contestants"
    READY = "ready"
    KEYS = "keys"
    REGISTRATIONS = "registrations"
    PREVIEW = "preview"
    WATCH = "watch"
    REFERRALS = "referrals"
    DESK = "desk"
    RESULTS = "results"
    LOOK = "look"
    HISTORY = "history"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What an exam's next step depends on; `waiting` and `held` are this person's own.

    `publication` is the newest one's number (0: none); whether it stands is the stage's matter.
    """

    stage: Stage
    problem_count: int = 1
    block_count: int = 1
    registered: int = 0
    without_key: int = 0
    writing: int = 0
    unqueued: int = 0
    unscored: int = 0
    waiting: int = 0
    held: int = 0
    referred: int = 0
    publication: int = 0


@dataclass(frozen=True, slots=True)
class NextStep:
    """`is_idle`: nothing presses; it is said, not asked for."""

    step: Step
    words: str
    is_idle: bool = False


def next_step(facts: Facts, allowed: Collection[str]) -> NextStep:
    """The first step, in the order of a competition, that these permissions allow.

    Setting up comes before the sitting, the sitting before grading, grading before results; so whoever
    may do everything is led through all of it.
    """
    for permission, step in steps(facts, allowed):
        if permission in allowed:
            return step
    return NextStep(Step.NOTHING, idle_words(facts, allowed), is_idle=True)


def steps(facts: Facts, allowed: Collection[str]) -> Iterator[tuple[str, NextStep]]:
    yield from setting_up(facts)
    if facts.stage in SITTING:
        writing = f"{count(facts.writing, 'contestant')} {'is' if facts.writing == 1 else 'are'} writing"
        # An organiser watches everything; for a proctor the deadline is what there is to do.
        words = "Watch the sitting" if roles.EDIT in allowed else "Move a deadline if need be"
        yield roles.WATCH, NextStep(Step.WATCH, f"{words}: {writing}")
    yield from grading(facts)
    yield from results(facts)


def setting_up(facts: Facts) -> Iterator[tuple[str, NextStep]]:
    if facts.stage not in TO_COME:
        return
    if not facts.problem_count:
        yield roles.EDIT, NextStep(Step.PROBLEM, "Write the first problem")
    if not facts.block_count:
        yield roles.EDIT, NextStep(Step.BLOCK, "Add a time block")
    if not facts.registered:
        yield roles.MANAGE_PEOPLE, NextStep(Step.CONTESTANTS, "Import the roster, or issue keys without one")
    if facts.stage == Stage.DRAFT:
        yield roles.EDIT, NextStep(Step.READY, "Set the exam ready")
    if facts.without_key:
        words = f"Issue keys for {count(facts.without_key, 'contestant')} without one"
        yield roles.MANAGE_PEOPLE, NextStep(Step.KEYS, words)
    if facts.stage == Stage.BEFORE:
        words = "Everything is ready: look at the paper once more"
        yield roles.EDIT, NextStep(Step.PREVIEW, words, is_idle=True)


def grading(facts: Facts) -> Iterator[tuple[str, NextStep]]:
    if facts.referred:
        sent = "was sent" if facts.referred == 1 else "were sent"
        yield roles.LEAD, NextStep(Step.REFERRALS, f"{count(facts.referred, 'answer')} {sent} to you")
    wait = "1 waits" if facts.waiting == 1 else f"{facts.waiting} wait"
    if facts.held:
        words = f"Go on with {count(facts.held, 'answer')} that you hold"
        yield roles.SCORE, NextStep(Step.DESK, f"{words}; {wait} besides" if facts.waiting else words)
    if facts.waiting:
        yield roles.SCORE, NextStep(Step.DESK, f"Grade the next answer: {wait}")
    if facts.unqueued:
        yield roles.SCORE, NextStep(Step.DESK, f"Queue {count(facts.unqueued, 'answer')}")


def results(facts: Facts) -> Iterator[tuple[str, NextStep]]:
    if facts.stage in TO_COME:
        return
    if facts.unqueued:
        yield roles.PUBLISH, NextStep(Step.RESULTS, f"Queue {count(facts.unqueued, 'answer')}")
    if facts.unscored:
        waits = "waits" if facts.unscored == 1 else "wait"
        words = f"{count(facts.unscored, 'answer')} {waits} for a score"
        yield roles.PUBLISH, NextStep(Step.RESULTS, words, is_idle=True)
    if facts.stage == Stage.SCORED and facts.publication:
        words = f"Publish the results again: publication {facts.publication} was withdrawn"
        yield roles.PUBLISH, NextStep(Step.RESULTS, words)
    if facts.stage == Stage.SCORED:
        yield roles.PUBLISH, NextStep(Step.RESULTS, "Publish the results")
    if facts.stage == Stage.PUBLISHED:
        words = f"Results are published (publication {facts.publication})"
        yield roles.PUBLISH, NextStep(Step.RESULTS, words, is_idle=True)


def idle_words(facts: Facts, allowed: Collection[str]) -> str:
    """Why there is nothing to do."""
    if roles.SCORE in allowed:
        if facts.unscored and facts.stage not in TO_COME:
            return "Nothing waits for you: others are at the last answers."
        if facts.stage in {Stage.SCORED, Stage.PUBLISHED}:
            return "Everything is scored. Thank you."
        return "Nothing to grade yet."
    if roles.WATCH in allowed:
        return "Nothing to do until it opens." if facts.stage in TO_COME else "The sitting is over."
    return "Nothing to do: you may look."


def count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"

"""What an exam lacks before contestants can sit it, and what somebody should look at once more."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from apps.exams.enums import ProblemKind


@dataclass(frozen=True, slots=True)
class ProblemOutline:
    number: int
    kind: str
    has_statement: bool
    has_accepted: bool
    has_solution: bool


@dataclass(frozen=True, slots=True)
class BlockOutline:
    name: str
    opens_at: datetime
    closes_at: datetime


@dataclass(frozen=True, slots=True)
class Gap:
    """`is_missing`: without it nobody can sit the exam. Otherwise it is worth a look, and may be meant."""

    text: str
    is_missing: bool


def gaps(
    problems: Sequence[ProblemOutline], blocks: Sequence[BlockOutline], now: datetime
) -> tuple[Gap, ...]:
    """Everything to be said at this moment, what is missing first."""
    found = [*_missing(problems, blocks, now), *_worth_a_look(problems, blocks, now)]
    return tuple(found)


def _missing(
    problems: Sequence[ProblemOutline], blocks: Sequence[BlockOutline], now: datetime
) -> Iterator[Gap]:
    if not problems:
        yield Gap("It has no problem yet.", is_missing=True)
    for problem in problems:
        if not problem.has_statement:
            yield Gap(f"Problem {problem.number} has no statement.", is_missing=True)
    if not blocks:
        yield Gap("It has no time block: nobody knows when it opens.", is_missing=True)
    elif all(block.closes_at <= now for block in blocks):
        yield Gap("Its time blocks are over.", is_missing=True)


def _worth_a_look(
    problems: Sequence[ProblemOutline], blocks: Sequence[BlockOutline], now: datetime
) -> Iterator[Gap]:
    for block in blocks:
        if block.opens_at <= now < block.closes_at:
            yield Gap(f"The time block {block.name} has opened: it can be started at once.", is_missing=False)
    numbers = [problem.number for problem in problems]
    if numbers and sorted(numbers) != list(range(1, len(numbers) + 1)):
        listed = ", ".join(map(str, sorted(numbers)))
        yield Gap(f"The problems are not numbered 1 to {len(numbers)}: {listed}.", is_missing=False)
    unanswered = [
        str(problem.number)
        for problem in problems
        if not problem.has_accepted and problem.kind != ProblemKind.PROOF
    ]
    if unanswered:
        yield Gap(f"No accepted answers: {_named(unanswered)}.", is_missing=False)
    unsolved = [str(problem.number) for problem in problems if not problem.has_solution]
    if unsolved:
        yield Gap(f"No solution for graders: {_named(unsolved)}.", is_missing=False)


def _named(numbers: Sequence[str]) -> str:
    if len(numbers) == 1:
        return f"problem {numbers[0]}"
    return f"problems {', '.join(numbers[:-1])} and {numbers[-1]}"

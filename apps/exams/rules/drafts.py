"""An exam as a file describes it, checked before anything is written."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from apps.exams.enums import ClockKind, LateStart, ProblemKind, ResultsPolicy
from apps.exams.rules.reading import Fault, Fields

FORMAT = "examgrader/1"
MAX_PROBLEMS = 200
MAX_TIME_BLOCKS = 100

EXAM_KEYS = (
    "format", "slug", "title", "zone", "clock", "duration_minutes", "late_start", "grace_seconds", "blind",
    "results", "instructions", "time_blocks", "problems",
)  # fmt: skip
BLOCK_KEYS = ("name", "zone", "opens_at", "last_entry_at", "closes_at")
PROBLEM_KEYS = (
    "number", "kind", "max_points", "statement", "choices", "note", "accepted", "solution", "pages",
    "not_counted",
)  # fmt: skip
CHOICE_KEYS = ("label", "text")


@dataclass(frozen=True, slots=True)
class BlockDraft:
    name: str
    zone: str
    opens_at: datetime
    last_entry_at: datetime | None
    closes_at: datetime


@dataclass(frozen=True, slots=True)
class ChoiceDraft:
    label: str
    text: str


@dataclass(frozen=True, slots=True)
class ProblemDraft:
    """`not_counted` is the reason contestants read; blank: the problem counts."""

    number: int
    kind: ProblemKind
    max_points: Decimal
    statement: str
    choices: tuple[ChoiceDraft, ...]
    note: str
    accepted: tuple[str, ...]
    solution: str
    pages: bool
    not_counted: str


@dataclass(frozen=True, slots=True)
class ExamDraft:
    slug: str
    title: str
    zone: str
    clock: ClockKind
    duration_minutes: int | None
    late_start: LateStart
    grace_seconds: int
    blind: bool
    results: ResultsPolicy
    instructions: str
    time_blocks: tuple[BlockDraft, ...]
    problems: tuple[ProblemDraft, ...]


def read_exam(tree: Mapping[str, Any]) -> tuple[ExamDraft, list[Fault]]:
    """The exam that a tree describes, and all that is wrong with it.

    Where something is wrong the draft has a stand-in: it serves to look for more faults, nothing else.
    """
    faults: list[Fault] = []
    fields = Fields(tree, "", faults, EXAM_KEYS)
    if fields.text("format") != FORMAT and fields.has("format"):
        fields.fault("format", f"expected {FORMAT}")
    clock = fields.one_of("clock", ClockKind.values, default=ClockKind.COMMON)
    zone = fields.zone("zone")
    draft = {
        "slug": _slug(fields),
        "title": fields.text("title", limit=200),
        "zone": zone,
        "clock": clock,
        "duration_minutes": _duration(fields, clock),
        "late_start": fields.one_of("late_start", LateStart.values, default=LateStart.COMMON_END),
        "grace_seconds": fields.integer("grace_seconds", low=0, high=600, default=30),
        "blind": fields.flag("blind", default=True),
        "results": fields.one_of("results", ResultsPolicy.values, default=ResultsPolicy.OWN),
        "instructions": fields.text("instructions", default=""),
        "time_blocks": _time_blocks(fields, zone),
        "problems": _problems(fields),
    }
    for key, kind, stand_in in (
        ("clock", ClockKind, ClockKind.COMMON),
        ("late_start", LateStart, LateStart.COMMON_END),
        ("results", ResultsPolicy, ResultsPolicy.OWN),
    ):
        draft[key] = kind(str(draft[key])) if draft[key] in kind.values else stand_in
    return ExamDraft(**draft), faults  # type: ignore[arg-type]


def fault_of_accepted(kind: str, accepted: Iterable[str], labels: Iterable[str]) -> str | None:
    """What is wrong with the accepted answers of a problem of this kind, if anything."""
    labels = list(labels)
    for answer in accepted:
        if kind == ProblemKind.CHOICE and answer not in labels:
            return f"“{answer}” is not the label of a choice"
        if kind == ProblemKind.INTEGER and not re.fullmatch(r"[-−+]?[0-9]{1,60}", answer.strip()):
            return f"“{answer}” is not a whole number"
    return None


def fault_of_choices(kind: str, labels: Iterable[str]) -> str | None:
    """What is wrong with the choices offered, if anything."""
    labels = list(labels)
    if kind != ProblemKind.CHOICE:
        return f"a problem of kind {kind} has no choices" if labels else None
    if len(labels) < 2:  # noqa: PLR2004
        return "a choice needs at least two choices"
    if len(set(labels)) < len(labels):
        return "two choices have the same label"
    return None


def _slug(fields: Fields) -> str:
    slug = fields.text("slug", limit=60)
    if slug and not re.fullmatch(r"[-a-zA-Z0-9_]+", slug):
        fields.fault("slug", "expected letters, digits, hyphens and underscores only")
    return slug


def _duration(fields: Fields, clock: str) -> int | None:
    if clock == ClockKind.PERSONAL:
        return fields.integer("duration_minutes", low=1, high=10_080)
    for key in ("duration_minutes", "late_start"):
        if fields.has(key):
            fields.fault(key, "goes with clock: personal only")
    return None


def _time_blocks(fields: Fields, exam_zone: str) -> tuple[BlockDraft, ...]:
    blocks: list[BlockDraft] = []
    names: set[str] = set()
    for index, block in enumerate(fields.each("time_blocks", BLOCK_KEYS)):
        if index == MAX_TIME_BLOCKS:
            fields.fault("time_blocks", f"more than {MAX_TIME_BLOCKS} time blocks")
            break
        name = block.text("name", limit=60)
        if name in names:
            block.fault("name", f"a second time block named “{name}”")
        names.add(name)
        own_zone = block.zone("zone", default="")
        zone = own_zone or exam_zone
        opens_at, closes_at = block.moment("opens_at", zone), block.moment("closes_at", zone)
        last_entry_at = block.moment("last_entry_at", zone, required=False)
        if opens_at is None or closes_at is None:
            continue
        if closes_at <= opens_at:
            block.fault("closes_at", "must lie after opens_at")
        if last_entry_at is not None and not opens_at < last_entry_at <= closes_at:
            block.fault("last_entry_at", "must lie after opens_at and not after closes_at")
        blocks.append(BlockDraft(name, own_zone, opens_at, last_entry_at, closes_at))
    return tuple(blocks)


def _problems(fields: Fields) -> tuple[ProblemDraft, ...]:
    problems: list[ProblemDraft] = []
    numbers: set[int] = set()
    for index, problem in enumerate(fields.each("problems", PROBLEM_KEYS)):
        if index == MAX_PROBLEMS:
            fields.fault("problems", f"more than {MAX_PROBLEMS} problems")
            break
        number = problem.integer("number", low=1, high=999)
        if not problem.is_faulty("number"):
            if number in numbers:
                problem.fault("number", f"a second problem {number}")
            numbers.add(number)
        problems.append(_problem(problem, number))
    if not problems and not fields.is_faulty("problems"):
        fields.fault("problems", "an exam has at least one problem")
    return tuple(problems)


def _problem(fields: Fields, number: int) -> ProblemDraft:
    kind = fields.one_of("kind", ProblemKind.values)
    choices = tuple(
        ChoiceDraft(choice.text("label", limit=10), choice.text("text"))
        for choice in fields.each("choices", CHOICE_KEYS)
    )
    labels = [choice.label for choice in choices]
    accepted = fields.texts("accepted", limit=2_000)
    if kind in ProblemKind.values and not fields.is_faulty("choices"):
        if fault := fault_of_choices(kind, labels):
            fields.fault("choices", fault)
        elif fault := fault_of_accepted(kind, accepted, labels):
            fields.fault("accepted", fault)
    return ProblemDraft(
        number=number,
        kind=ProblemKind(kind) if kind in ProblemKind.values else ProblemKind.PROOF,
        max_points=fields.points("max_points"),
        statement=fields.text("statement"),
        choices=choices,
        note=fields.text("note", limit=300, default=""),
        accepted=accepted,
        solution=fields.text("solution", default=""),
        pages=fields.flag("pages", default=False),
        not_counted=fields.text("not_counted", limit=300, default=""),
    )

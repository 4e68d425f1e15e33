"""What a roster would change: worked out in full before the first row is written."""

import hashlib
import itertools
from dataclasses import dataclass, field

from apps.access.enums import RosterChange
from apps.access.models import Contestant, Registration, School
from apps.access.rules import roster as rules
from apps.access.rules.roster import Change, Problem, Value, changes_between
from apps.core.sheets import Table
from apps.exams.models import Exam, TimeBlock

CONTESTANT_COLUMNS = ("name", "team", "division", "grade", "room", "may_publish_name")
REGISTRATION_COLUMNS = ("extra_minutes", "time_factor")
LONGEST_PLAIN_CODE = 60


@dataclass(frozen=True, kw_only=True)
class RosterLine:
    """One row of the file and what it does."""

    row: int
    external_id: str
    name: str
    change: RosterChange
    changes: tuple[Change, ...]


@dataclass(kw_only=True)
class Plan:
    """Rows to write, of each kind, in the order of the file. New rows have no id yet."""

    schools: list[School] = field(default_factory=list)
    new_contestants: list[Contestant] = field(default_factory=list)
    changed_contestants: list[Contestant] = field(default_factory=list)
    new_registrations: list[Registration] = field(default_factory=list)
    changed_registrations: list[Registration] = field(default_factory=list)
    registrations: list[Registration] = field(default_factory=list)
    lines: list[RosterLine] = field(default_factory=list)


@dataclass(kw_only=True)
class Known:
    """What the database holds of this contest already, by the names that a roster uses."""

    exam: Exam
    blocks: dict[str, TimeBlock]
    schools: dict[str, School]
    contestants: dict[str, Contestant]
    registrations: dict[int, Registration]
    next_number: int
    default_block: str = ""


def read_rows(table: Table) -> tuple[list[tuple[int, dict[str, Value]]], list[Problem]]:
    """Every row's values and everything wrong with the file by itself."""
    rows = []
    problems: list[Problem] = []
    first_with: dict[Value, int] = {}
    for row in table.rows:
        values, wrong = rules.read_row(row.number, row.cells)
        problems += wrong
        external_id = values.get("external_id")
        if external_id in first_with:
            sentence = f"“{external_id}” stands in row {first_with[external_id]} already."
            problems.append(Problem(row=row.number, column="external_id", sentence=sentence))
        elif external_id is not None:
            first_with[external_id] = row.number
        rows.append((row.number, values))
    if not rows:
        problems.append(Problem(row=2, column="", sentence="the roster names nobody."))
    return rows, problems


def plan_rows(rows: list[tuple[int, dict[str, Value]]], known: Known) -> tuple[Plan, list[Problem]]:
    """What to write for each row; problems are those which only the database knows (time blocks)."""
    plan = Plan()
    problems = []
    numbers = itertools.count(known.next_number)
    for number, values in rows:
        if problem := plan_row(plan, number, values, known, numbers):
            problems.append(problem)
    return plan, problems


def plan_row(
    plan: Plan, row: int, values: dict[str, Value], known: Known, numbers: "itertools.count[int]"
) -> Problem | None:
    external_id = str(values.get("external_id", ""))
    contestant = known.contestants.get(external_id)
    registration = known.registrations.get(contestant.pk) if contestant else None
    named = str(values.get("time_block", ""))
    if not external_id and not named:
        return None  # refused for its id already; whose block is missing cannot be known
    block, sentence = pick_block(named, registration, known)
    if block is None:
        return Problem(row=row, column="time_block", sentence=sentence)
    change = RosterChange.REGISTERED if registration is None else RosterChange.UNCHANGED
    if contestant is None:
        change = RosterChange.NEW
        contestant = Contestant(
            contest_id=known.exam.contest_id, number=next(numbers), external_id=external_id
        )
    if registration is None:
        registration = Registration(contestant=contestant, exam=known.exam, time_block=block)
    changes = plan_contestant(plan, contestant, values, known)
    changes += plan_registration(plan, registration, values, block)
    if change == RosterChange.UNCHANGED and changes:
        change = RosterChange.CHANGED
    plan.lines.append(
        RosterLine(
            row=row,
            external_id=external_id,
            name=contestant.name,
            change=change,
            changes=tuple(changes),
        )
    )
    return None


def plan_contestant(
    plan: Plan, contestant: Contestant, values: dict[str, Value], known: Known
) -> list[Change]:
    changes = assign(contestant, values, CONTESTANT_COLUMNS)
    if "school" in values:
        school = plan_school(plan, str(values["school"]), known)
        before = contestant.school
        # Compared as objects: a school of this plan has no id yet.
        if before != school:
            changes.append(
                Change(
                    column="school",
                    before=before.name if before else "",
                    after=school.name if school else "",
                )
            )
        contestant.school = school
    if not contestant.pk:
        plan.new_contestants.append(contestant)
    elif changes:
        plan.changed_contestants.append(contestant)
    return changes


def plan_registration(
    plan: Plan, registration: Registration, values: dict[str, Value], block: TimeBlock
) -> list[Change]:
    changes = assign(registration, values, REGISTRATION_COLUMNS)
    if registration.time_block_id != block.pk:
        changes.append(Change(column="time_block", before=registration.time_block.name, after=block.name))
    registration.time_block = block
    if not registration.pk:
        plan.new_registrations.append(registration)
    elif changes:
        plan.changed_registrations.append(registration)
    plan.registrations.append(registration)
    return changes


def plan_school(plan: Plan, text: str, known: Known) -> School | None:
    """The school of this name or code, new if there is none; upper and lower case are the same."""
    if not text:
        return None
    if text.casefold() not in known.schools:
        school = School(contest_id=known.exam.contest_id, code=school_code(text), name=text)
        known.schools[text.casefold()] = school
        plan.schools.append(school)
    return known.schools[text.casefold()]


def school_code(name: str) -> str:
    """A roster gives no codes: the name is one, shortened without making two schools the same."""
    if len(name) <= LONGEST_PLAIN_CODE:
        return name
    digest = hashlib.sha256(name.casefold().encode()).hexdigest()[:8]
    return f"{name[: LONGEST_PLAIN_CODE - 9]}-{digest}"


def pick_block(name: str, registration: Registration | None, known: Known) -> tuple[TimeBlock | None, str]:
    """The named block; else the one a contestant has; else the given or the only one. Never a guess."""
    if not name and registration is not None:
        return registration.time_block, ""
    name = name or known.default_block
    if not name and len(known.blocks) == 1:
        return next(iter(known.blocks.values())), ""
    if name in known.blocks:
        return known.blocks[name], ""
    listed = ", ".join(known.blocks) or "none yet"
    said = f"there is no time block “{name}”" if name else "the exam has several time blocks"
    return None, f"{said}; it has: {listed}."


def assign(
    row: Contestant | Registration, values: dict[str, Value], columns: tuple[str, ...]
) -> list[Change]:
    """Take over those of the columns that the roster has; what of them was different."""
    given = {name: values[name] for name in columns if name in values}
    changes = changes_between({name: getattr(row, name) for name in given}, given)
    for name, value in given.items():
        setattr(row, name, value)
    return changes

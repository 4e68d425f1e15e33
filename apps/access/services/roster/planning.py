"""What a roster would change: worked out in full before the first row is written."""

import hashlib
import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field

from apps.access.models import Contestant, Registration, School
from apps.access.rules import roster as rules
from apps.access.rules.roster import Problem, Value
from apps.core.sheets import Table
from apps.exams.models import Exam, TimeBlock

CONTESTANT_COLUMNS = ("name", "team", "division", "grade", "room", "may_publish_name")
REGISTRATION_COLUMNS = ("extra_minutes", "time_factor")
LONGEST_PLAIN_CODE = 60


@dataclass(kw_only=True)
class Plan:
    """Rows to write, of each kind, in the order of the file. New rows have no id yet."""

    schools: list[School] = field(default_factory=list)
    new_contestants: list[Contestant] = field(default_factory=list)
    changed_contestants: list[Contestant] = field(default_factory=list)
    new_registrations: list[Registration] = field(default_factory=list)
    changed_registrations: list[Registration] = field(default_factory=list)
    registrations: list[Registration] = field(default_factory=list)


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
    problems = rules.check_columns(list(table.columns))
    if problems:
        return [], problems
    rows = []
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
        contestant = known.contestants.get(str(values["external_id"]))
        registration = known.registrations.get(contestant.pk) if contestant else None
        block, sentence = pick_block(str(values.get("time_block", "")), registration, known)
        if block is None:
            problems.append(Problem(row=number, column="time_block", sentence=sentence))
            continue
        if contestant is None:
            contestant = Contestant(
                contest_id=known.exam.contest_id,
                number=next(numbers),
                external_id=str(values["external_id"]),
            )
        plan_contestant(plan, contestant, values, known)
        if registration is None:
            registration = Registration(contestant=contestant, exam=known.exam, time_block=block)
        plan_registration(plan, registration, values, block)
    return plan, problems


def plan_contestant(plan: Plan, contestant: Contestant, values: dict[str, Value], known: Known) -> None:
    changed = assign(contestant, values, CONTESTANT_COLUMNS)
    if "school" in values:
        school = plan_school(plan, str(values["school"]), known)
        # Compared as objects: a school of this plan has no id yet.
        changed |= contestant.school != school
        contestant.school = school
    if not contestant.pk:
        plan.new_contestants.append(contestant)
    elif changed:
        plan.changed_contestants.append(contestant)


def plan_registration(
    plan: Plan, registration: Registration, values: dict[str, Value], block: TimeBlock
) -> None:
    changed = assign(registration, values, REGISTRATION_COLUMNS)
    changed |= registration.time_block_id != block.pk
    registration.time_block = block
    if not registration.pk:
        plan.new_registrations.append(registration)
    elif changed:
        plan.changed_registrations.append(registration)
    plan.registrations.append(registration)


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


def assign(row: Contestant | Registration, values: dict[str, Value], columns: Sequence[str]) -> bool:
    """Take over those of the columns that the roster has; whether any of them was different."""
    changed = {
        name: values[name] for name in columns if name in values and getattr(row, name) != values[name]
    }
    for name, value in changed.items():
        setattr(row, name, value)
    return bool(changed)

"""Importing a roster: all of it or nothing, and again without harm."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from django.contrib.auth.models import AbstractUser
from django.db import transaction

from apps.access.enums import RosterChange
from apps.access.models import Contestant, Registration, School
from apps.access.rules.roster import Problem, check_columns
from apps.access.services.history import act
from apps.access.services.issuing import lock_contest, next_number
from apps.access.services.roster import planning
from apps.core.counting import counted
from apps.core.errors import RuleViolation
from apps.core.sheets import Table
from apps.exams.models import Exam

CHANGEABLE_CONTESTANT = (*planning.CONTESTANT_COLUMNS, "school")
CHANGEABLE_REGISTRATION = (*planning.REGISTRATION_COLUMNS, "time_block")


@dataclass(frozen=True, kw_only=True)
class RosterReport:
    """What an import did, or in a dry run would do; `registration_ids` in the order of the file."""

    row_count: int
    new_contestants: int
    changed_contestants: int
    new_registrations: int
    changed_registrations: int
    new_schools: int
    registration_ids: Sequence[int]
    lines: Sequence[planning.RosterLine]

    @property
    def unchanged(self) -> int:
        """Rows that say what is known already."""
        return sum(line.change == RosterChange.UNCHANGED for line in self.lines)

    @property
    def fingerprint(self) -> str:
        """Tells whether an import would still do what a dry run showed."""
        return hashlib.sha256(repr(list(self.lines)).encode()).hexdigest()

    def __str__(self) -> str:
        return (
            f"{counted(self.row_count, 'row')}: "
            f"{counted(self.new_contestants, 'new contestant')}, {self.changed_contestants} changed; "
            f"{counted(self.new_registrations, 'new registration')}, {self.changed_registrations} changed; "
            f"{counted(self.new_schools, 'new school')}."
        )


class RosterRefused(RuleViolation):
    """Something in the file is wrong; `problems` names every place."""

    code: ClassVar[str] = "roster_refused"

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = problems
        super().__init__("\n".join(str(problem) for problem in problems))


class RosterOutdated(RuleViolation):
    message = (
        "Somebody changed contestants of this exam meanwhile, and the roster would now do something else."
        " Look at it again; nothing was written."
    )
    code = "roster_outdated"


def import_roster(
    *,
    exam_id: int,
    table: Table,
    actor: AbstractUser | None,
    time_block: str = "",
    dry_run: bool = False,
    shown: str = "",
) -> RosterReport:
    """Create or update the contestants of a roster, by `external_id`, and register them for the exam.

    Columns that the file does not have stay as they are; a blank cell blanks what it names (the time
    block aside, which stays). `time_block` is for new contestants whose row names none. Nobody is ever
    removed. Papers that were started keep their deadlines, which were fixed at the start. `shown` is the
    fingerprint of the dry run that was confirmed: what it did not show is not done.
    """
    # Under wrong names of columns every row would be wrong as well.
    if problems := check_columns(list(table.columns)):
        raise RosterRefused(problems)
    rows, problems = planning.read_rows(table)
    with act("import_roster", actor=actor), transaction.atomic():
        exam = Exam.objects.get(pk=exam_id)
        # Numbers are given out here, and nobody else may add one of these people meanwhile.
        lock_contest(exam.contest_id)
        external_ids = [str(values["external_id"]) for _, values in rows if "external_id" in values]
        known = read_known(exam, external_ids, time_block)
        plan, of_blocks = planning.plan_rows(rows, known)
        # All of them at once: a file that is put right error by error is uploaded ten times.
        if problems or of_blocks:
            raise RosterRefused(sorted([*problems, *of_blocks], key=lambda problem: problem.row))
        report = report_of(plan)
        if shown and report.fingerprint != shown:
            raise RosterOutdated
        if dry_run:
            return report
        write(plan)
        return replace(report, registration_ids=[one.pk for one in plan.registrations])


def report_of(plan: planning.Plan) -> RosterReport:
    return RosterReport(
        row_count=len(plan.lines),
        new_contestants=len(plan.new_contestants),
        changed_contestants=len(plan.changed_contestants),
        new_registrations=len(plan.new_registrations),
        changed_registrations=len(plan.changed_registrations),
        new_schools=len(plan.schools),
        registration_ids=[],
        lines=plan.lines,
    )


def read_known(exam: Exam, external_ids: Sequence[str], default_block: str) -> planning.Known:
    contestants = {
        contestant.external_id: contestant
        for contestant in Contestant.objects.filter(
            contest=exam.contest_id, external_id__in=external_ids
        ).select_related("school")
    }
    schools = School.objects.filter(contest=exam.contest_id)
    registrations = Registration.objects.filter(exam=exam, contestant__in=contestants.values())
    return planning.Known(
        exam=exam,
        blocks={block.name: block for block in exam.time_blocks.all()},
        # A name beats a code of the same text.
        schools={school.code.casefold(): school for school in schools}
        | {school.name.casefold(): school for school in schools},
        contestants=contestants,
        registrations={one.contestant_id: one for one in registrations.select_related("time_block")},
        next_number=next_number(exam.contest_id),
        default_block=default_block,
    )


def write(plan: planning.Plan) -> None:
    """In the order in which rows refer to each other; a handful of statements, however long the roster.

    Django takes the ids of rows created a line earlier from the objects that hold them.
    """
    School.objects.bulk_create(plan.schools)
    Contestant.objects.bulk_create(plan.new_contestants)
    Contestant.objects.bulk_update(plan.changed_contestants, CHANGEABLE_CONTESTANT, batch_size=500)
    Registration.objects.bulk_create(plan.new_registrations)
    Registration.objects.bulk_update(plan.changed_registrations, CHANGEABLE_REGISTRATION, batch_size=500)

"""Writing what somebody changed of an exam and its parts: those fields only, as `changing` allows."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import pghistory
from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import ProtectedError

from apps.core.errors import RuleViolation
from apps.exams.models import Exam, Problem, TimeBlock
from apps.exams.rules.changes import RULES
from apps.exams.services.changing import NO_CONSENT, Consent, allow_changes
from apps.exams.services.editing import add_statement_version, bump_version

# What is rendered goes with its source.
_RENDERED = {"instructions": "instructions_html", "solution": "solution_html"}
_NOUNS = {Exam: "exam", Problem: "problem", TimeBlock: "block"}


class ProblemInUse(RuleViolation):
    message = "Testers' papers hold answers to this problem. It can be “not counted” instead."
    code = "problem_in_use"


class TimeBlockInUse(RuleViolation):
    message = "Contestants are registered for this time block; move them to another one first."
    code = "time_block_in_use"


@dataclass(frozen=True, slots=True)
class StatementText:
    source: str
    choices: Sequence[Mapping[str, str]] = ()
    note: str = ""


@transaction.atomic
def save_exam(
    *, exam: Exam, fields: Collection[str], actor: AbstractBaseUser | None, consent: Consent = NO_CONSENT
) -> None:
    """Write these fields of an exam; the rest of its row may have moved since it was read."""
    stored = Exam.objects.select_for_update().get(pk=exam.pk)
    changed = changed_fields(stored, exam, fields)
    allow_changes(exam_id=exam.pk, kinds=[f"exam.{name}" for name in changed], consent=consent)
    if not changed:
        return
    with pghistory.context(actor=actor.pk if actor else None, act="save_exam", reason=consent.reason):
        exam.save(update_fields=_with_rendered(changed))
        bump_version(exam.pk)


@transaction.atomic
def save_problem(
    *,
    problem: Problem,
    fields: Collection[str],
    statement: StatementText,
    actor: AbstractBaseUser | None,
    now: datetime,
    consent: Consent = NO_CONSENT,
) -> Problem:
    """Add a problem, or write these fields of it; a changed statement is a new version."""
    stored = Problem.objects.filter(pk=problem.pk).first() if problem.pk else None
    changed = changed_fields(stored, problem, fields) if stored else []
    kinds = [f"problem.{name}" for name in changed] if stored else ["problem.added"]
    allow_changes(exam_id=problem.exam_id, problem_id=problem.pk, kinds=kinds, consent=consent)
    with pghistory.context(actor=actor.pk if actor else None, act="save_problem", reason=consent.reason):
        if stored is None:
            problem.save()
        elif changed:
            problem.save(update_fields=_with_rendered(changed))
        add_statement_version(
            problem_id=problem.pk,
            source=statement.source,
            choices=statement.choices,
            note=statement.note,
            actor=actor,
            now=now,
            consent=consent,
        )
        if changed or stored is None:
            bump_version(problem.exam_id)
    return problem


@transaction.atomic
def remove_problem(*, problem_id: int, actor: AbstractBaseUser | None) -> None:
    """Take a problem out of an exam that nobody has started; testers' papers keep it there."""
    problem = Problem.objects.get(pk=problem_id)
    allow_changes(exam_id=problem.exam_id, kinds=["problem.removed"], consent=NO_CONSENT)
    with pghistory.context(actor=actor.pk if actor else None, act="remove_problem", reason=str(problem)):
        try:
            problem.delete()
        except ProtectedError as error:
            raise ProblemInUse from error
        bump_version(problem.exam_id)


@transaction.atomic
def save_time_block(
    *,
    block: TimeBlock,
    fields: Collection[str],
    actor: AbstractBaseUser | None,
    consent: Consent = NO_CONSENT,
) -> TimeBlock:
    """Add a time block, or write these fields of it. Papers that were started keep their deadline."""
    stored = TimeBlock.objects.select_for_update().get(pk=block.pk) if block.pk else None
    changed = changed_fields(stored, block, fields) if stored else []
    kinds = [f"block.{name}" for name in changed] if stored else ["block.added"]
    allow_changes(exam_id=block.exam_id, kinds=kinds, consent=consent)
    with pghistory.context(actor=actor.pk if actor else None, act="save_time_block", reason=consent.reason):
        if stored is None:
            block.save()
        elif changed:
            block.save(update_fields=changed)
        if changed or stored is None:
            bump_version(block.exam_id)
    return block


@transaction.atomic
def remove_time_block(
    *, block_id: int, actor: AbstractBaseUser | None, consent: Consent = NO_CONSENT
) -> None:
    """Take a time block out for which nobody is registered."""
    block = TimeBlock.objects.get(pk=block_id)
    allow_changes(exam_id=block.exam_id, kinds=["block.removed"], consent=consent)
    reason = consent.reason or block.name
    with pghistory.context(actor=actor.pk if actor else None, act="remove_time_block", reason=reason):
        try:
            block.delete()
        except ProtectedError as error:
            raise TimeBlockInUse from error
        bump_version(block.exam_id)


Row = Exam | Problem | TimeBlock


def changed_fields(stored: Row, edited: Row, fields: Collection[str]) -> list[str]:
    """Those of the fields that differ, in the order of the table of changes."""
    noun = _NOUNS[type(stored)]
    known = [kind.partition(".")[2] for kind in RULES if kind.startswith(f"{noun}.")]
    return [name for name in known if name in fields and getattr(stored, name) != getattr(edited, name)]


def _with_rendered(changed: Sequence[str]) -> list[str]:
    return [*changed, *(_RENDERED[name] for name in changed if name in _RENDERED)]

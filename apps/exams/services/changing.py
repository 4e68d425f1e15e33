"""The door through which every change to an exam goes, by the table in `rules/changes.py`."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from apps.core.errors import RuleViolation
from apps.exams.models import Exam, Problem
from apps.exams.rules.changes import Objection, Reach, Verdict, objections


@dataclass(frozen=True, slots=True)
class Consent:
    """Somebody said: change it all the same, and why. The reason is kept in the history."""

    given: bool = False
    reason: str = ""

    @property
    def is_whole(self) -> bool:
        return self.given and bool(self.reason.strip())


NO_CONSENT = Consent()


class ChangeRefused(RuleViolation):
    """Somebody has started, or was scored: this kind of change is not possible any more."""

    message = "The number: Answers stand under the old number."
    code = "change_refused"

    def __init__(self, refused: Iterable[Objection]) -> None:
        self.objections = tuple(refused)
        super().__init__("\n".join(map(str, self.objections)))

    @property
    def members(self) -> dict[str, Any]:
        return {"objections": [told(objection) for objection in self.objections]}


class ChangeUnconfirmed(RuleViolation):
    """Somebody has started, or was scored: this kind of change needs a consent with a reason."""

    message = "The instructions: Contestants have read the old ones."
    code = "change_unconfirmed"

    def __init__(self, asked: Iterable[Objection]) -> None:
        self.objections = tuple(asked)
        super().__init__("\n".join(map(str, self.objections)))

    @property
    def members(self) -> dict[str, Any]:
        return {"objections": [told(objection) for objection in self.objections]}


def told(objection: Objection) -> dict[str, str]:
    """For programs; `verdict` says whether a consent with a reason answers it."""
    return {"change": objection.kind, "verdict": objection.verdict.value, "why": objection.why}


def allow_changes(
    *, exam_id: int, kinds: Iterable[str], consent: Consent, problem_id: int | None = None
) -> None:
    """Raise `ChangeRefused` or `ChangeUnconfirmed` unless all of this may be changed now.

    Holds the exam until the transaction ends, so that the first start waits for a change that was allowed.
    """
    found = objections(hold_reach(exam_id, problem_id), kinds)
    if refused := [objection for objection in found if objection.verdict is Verdict.REFUSE]:
        raise ChangeRefused(refused)
    if found and not consent.is_whole:
        raise ChangeUnconfirmed(found)


def reach_of(exam: Exam, problem: Problem | None = None) -> Reach:
    """How far an exam, or one problem of it, has come."""
    if problem is not None:
        is_scored = problem.first_scored_at is not None
    else:
        is_scored = Problem.objects.filter(exam=exam).exclude(first_scored_at=None).exists()
    if is_scored:
        return Reach.SCORED
    return Reach.STARTED if exam.first_started_at else Reach.NEW


def hold_reach(exam_id: int, problem_id: int | None = None) -> Reach:
    """The same, with both held until the transaction ends: a first start or score waits for the change."""
    exam = Exam.objects.select_for_update().get(pk=exam_id)
    problem = None
    if problem_id is not None:
        problem = Problem.objects.select_for_update(no_key=True).get(pk=problem_id)
    return reach_of(exam, problem)

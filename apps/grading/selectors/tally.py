"""Totals and ranks as they are at this moment: what a publication freezes and a draft export shows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from apps.access.models import Registration
from apps.exams.models import Problem
from apps.exams.rules.points import show_points
from apps.grading.enums import Standing
from apps.grading.models import Score
from apps.grading.rules.ranking import shared_ranks
from apps.submissions.models import Answer, Submission


@dataclass(frozen=True, kw_only=True, slots=True)
class TallyRow:
    """One contestant; the fields are those of a `Result`."""

    registration_id: int
    number: int
    external_id: str
    name: str
    school: str
    team: str
    division: str
    may_publish_name: bool
    status: Standing
    rank: int | None
    total: Decimal | None
    problems: Sequence[Mapping[str, Any]]


def list_tally(exam_id: int) -> list[TallyRow]:
    """Every registered contestant, testers aside, in five queries; the best first, the unranked last."""
    problems = list(Problem.objects.filter(exam_id=exam_id).order_by("number"))
    registrations = (
        Registration.objects.filter(exam_id=exam_id)
        .counted()
        .select_related("contestant", "contestant__school")
        .order_by("contestant__number")
    )
    started = set(
        Submission.objects.filter(registration__exam_id=exam_id).values_list("registration_id", flat=True)
    )
    texts, scores = texts_of(exam_id), scores_of(exam_id)
    drafts = []
    for registration in registrations:
        status = standing_of(registration, started)
        parts = [
            part_of(
                problem,
                texts.get(registration.pk, {}).get(problem.pk, ""),
                scores.get(registration.pk, {}).get(problem.pk),
            )
            for problem in problems
        ]
        drafts.append((registration, status, parts))
    totals = {
        registration.pk: sum_of(parts) if status == Standing.RANKED else None
        for registration, status, parts in drafts
    }
    ranks = shared_ranks(totals)
    rows = [
        row_of(registration, status, parts, totals[registration.pk], ranks[registration.pk])
        for registration, status, parts in drafts
    ]
    return sorted(rows, key=lambda row: (row.rank is None, row.rank or 0, row.number))


def texts_of(exam_id: int) -> dict[int, dict[int, str]]:
    found: dict[int, dict[int, str]] = {}
    rows = Answer.objects.filter(submission__registration__exam_id=exam_id).order_by()
    for registration_id, problem_id, text in rows.values_list(
        "submission__registration_id", "problem_id", "text"
    ):
        found.setdefault(registration_id, {})[problem_id] = text
    return found


def scores_of(exam_id: int) -> dict[int, dict[int, tuple[Decimal | None, str]]]:
    """The newest points and the comment to the contestant; the note for graders is never read here.

    Points that were taken back are none.
    """
    found: dict[int, dict[int, tuple[Decimal | None, str]]] = {}
    rows = Score.objects.filter(task__exam_id=exam_id).current()
    for registration_id, problem_id, points, comment in rows.values_list(
        "task__answer__submission__registration_id", "task__problem_id", "points", "comment"
    ):
        found.setdefault(registration_id, {})[problem_id] = (points, comment)
    return found


def standing_of(registration: Registration, started: set[int]) -> Standing:
    if registration.disqualification:
        return Standing.DISQUALIFIED
    return Standing.RANKED if registration.pk in started else Standing.ABSENT


def part_of(problem: Problem, text: str, score: tuple[Decimal | None, str] | None) -> dict[str, Any]:
    """One problem as it is kept in `Result.problems`; a problem that is not counted has no points."""
    points, comment = score or (None, "")
    counted = not problem.not_counted
    return {
        "number": problem.number,
        "kind": problem.kind,
        "max_points": show_points(problem.max_points),
        "points": show_points(points) if counted and points is not None else None,
        "counted": counted,
        "reason": problem.not_counted_reason,
        "answer": text,
        "accepted": problem.accepted,
        "comment": comment,
    }


def sum_of(parts: Sequence[Mapping[str, Any]]) -> Decimal:
    return sum((Decimal(part["points"]) for part in parts if part["points"] is not None), Decimal(0))


def row_of(
    registration: Registration,
    status: Standing,
    parts: Sequence[Mapping[str, Any]],
    total: Decimal | None,
    rank: int | None,
) -> TallyRow:
    contestant = registration.contestant
    return TallyRow(
        registration_id=registration.pk,
        number=contestant.number,
        external_id=contestant.external_id,
        name=contestant.name,
        school=contestant.school.name if contestant.school else "",
        team=contestant.team,
        division=contestant.division,
        may_publish_name=contestant.may_publish_name,
        status=status,
        rank=rank,
        total=total,
        problems=parts,
    )

"""What was scored in one act: for the list of an exam, and for the line above the classes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from apps.grading.enums import ActKind
from apps.grading.models import ScoringAct
from apps.grading.querysets import ScoringActQuerySet


@dataclass(frozen=True, slots=True)
class Act:
    """One line of the list; `undone_count` is None while the act stands."""

    id: int
    problem_id: int
    number: int
    kind: str
    text: str
    points: Decimal
    comment: str
    count: int
    grader_id: int
    grader: str
    done_at: datetime
    undone_at: datetime | None
    undone_by: str
    undone_count: int | None

    @property
    def is_class(self) -> bool:
        return self.kind == ActKind.CLASS

    @property
    def is_blanks(self) -> bool:
        return self.kind == ActKind.BLANKS

    @property
    def is_undone(self) -> bool:
        return self.undone_at is not None


def list_acts(exam_id: int) -> Sequence[Act]:
    """All acts of an exam, the newest first."""
    return [describe(act) for act in acts_of(exam_id).order_by("-pk")]


def find_act(exam_id: int, act_id: int) -> Act | None:
    act = acts_of(exam_id).filter(pk=act_id).first()
    return describe(act) if act else None


def acts_of(exam_id: int) -> ScoringActQuerySet:
    acts = ScoringAct.objects.filter(exam_id=exam_id)
    return acts.select_related("problem", "grader", "undone_by")


def describe(act: ScoringAct) -> Act:
    return Act(
        id=act.pk,
        problem_id=act.problem_id,
        number=act.problem.number,
        kind=act.kind,
        text=act.text,
        points=act.points,
        comment=act.comment,
        count=act.count,
        grader_id=act.grader_id,
        grader=act.grader.get_username(),
        done_at=act.done_at,
        undone_at=act.undone_at,
        undone_by=act.undone_by.get_username() if act.undone_by else "",
        undone_count=act.undone_count,
    )

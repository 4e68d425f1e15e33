"""What graders wrote about the work, and what was published of it. Points, totals and ranks stay."""

from django.db.models import Exists, OuterRef, Q

from apps.grading.enums import ActKind
from apps.grading.models import Referral, Result, Score, ScoringAct

ERASED = "Erased."


def erase_marks(contestant_id: int) -> None:
    scores = Score.objects.filter(task__answer__submission__registration__contestant=contestant_id)
    erase_acts(contestant_id, list(scores.exclude(act=None).values_list("act", flat=True).distinct()))
    scores.exclude(comment="", note="").update(comment="", note="")
    Referral.objects.filter(task__answer__submission__registration__contestant=contestant_id).update(
        note=ERASED
    )
    Referral.objects.filter(task__answer__submission__registration__contestant=contestant_id).exclude(
        reply=""
    ).update(reply=ERASED)
    for result in Result.objects.filter(registration__contestant=contestant_id):
        erase_result(result)


def erase_acts(contestant_id: int, act_ids: list[int]) -> None:
    """An act that scored many says what they had in common; one that scored only the erased tells of them."""
    of_others = Score.objects.filter(act=OuterRef("pk")).exclude(
        Q(task__answer__submission__registration__contestant=contestant_id)
        | Q(task__answer__submission__registration__contestant__erasure__isnull=False)
    )
    alone = ScoringAct.objects.filter(pk__in=act_ids).exclude(Exists(of_others))
    alone.filter(kind=ActKind.CLASS).update(text=ERASED)
    alone.update(comment="")


def erase_result(result: Result) -> None:
    """A line of a publication keeps its place: number, standing, rank, total and the points."""
    for column in ("external_id", "name", "school", "team", "division"):
        setattr(result, column, "")
    result.may_publish_name = False
    result.problems = [{**part, "answer": "", "comment": ""} for part in result.problems]
    result.save()

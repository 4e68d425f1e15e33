"""An exam in outline: what it has, and what it lacks."""

from datetime import datetime

from django.db.models import Exists, OuterRef

from apps.exams.models import Problem, StatementVersion, TimeBlock
from apps.exams.rules.completeness import BlockOutline, Gap, ProblemOutline, gaps


def get_gaps(exam_id: int, now: datetime) -> tuple[Gap, ...]:
    """What is missing, and what is worth a look; two queries."""
    stated = StatementVersion.objects.filter(problem=OuterRef("pk"))
    problems = (
        Problem.objects.filter(exam_id=exam_id)
        .annotate(is_stated=Exists(stated))
        .order_by("number")
        .values_list("number", "kind", "is_stated", "accepted", "solution")
    )
    blocks = TimeBlock.objects.filter(exam_id=exam_id).values_list("name", "opens_at", "closes_at")
    return gaps(
        [
            ProblemOutline(number, kind, is_stated, bool(accepted), bool(solution.strip()))
            for number, kind, is_stated, accepted, solution in problems
        ],
        [BlockOutline(*block) for block in blocks],
        now,
    )

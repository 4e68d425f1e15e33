"""Published results, for contestants and for everybody. Nothing here reads a score: only what was frozen."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Count, Q

from apps.access.rules.people import printed_number
from apps.exams.enums import ResultsPolicy
from apps.exams.models import Exam
from apps.grading.enums import Standing
from apps.grading.models import Publication, Result

LISTED = (ResultsPolicy.LIST, ResultsPolicy.PUBLIC)


@dataclass(frozen=True, slots=True)
class ProblemResult:
    """One problem of a result; `points` None: none were given, because it is not counted or nobody came."""

    number: int
    kind: str
    max_points: str
    points: str | None
    counted: bool
    reason: str
    answer: str
    accepted: Sequence[str]
    comment: str

    @property
    def is_blank(self) -> bool:
        return not self.answer.strip()

    @property
    def outcome(self) -> str:
        """In one word: blank, wrong, partly or fully right; "" where nothing is counted."""
        if not self.counted or self.points is None:
            return ""
        if self.is_blank:
            return "blank"
        points = Decimal(self.points)
        if points >= Decimal(self.max_points):
            return "full"
        return "partial" if points else "wrong"


@dataclass(frozen=True, slots=True)
class ContestantResult:
    exam_title: str
    number: str
    name: str
    status: str
    rank: int | None
    shared_by: int
    ranked_count: int
    total: Decimal | None
    max_total: Decimal
    published_at: datetime
    zone: str
    has_list: bool
    problems: Sequence[ProblemResult]


@dataclass(frozen=True, slots=True)
class ListedResult:
    """Somebody ranked; the database sees to it that they have a rank and a total."""

    rank: int | None
    number: str
    name: str
    school: str
    total: Decimal | None


@dataclass(frozen=True, slots=True)
class ResultList:
    exam_title: str
    published_at: datetime
    zone: str
    rows: Sequence[ListedResult]


def newest_publication(exam_id: int) -> Publication | None:
    return Publication.objects.filter(exam_id=exam_id).standing().select_related("exam").first()


def get_result(exam_id: int, registration_id: int) -> ContestantResult | None:
    """The contestant's published result, in three queries; None before publication and after withdrawal."""
    publication = newest_publication(exam_id)
    if publication is None:
        return None
    result = Result.objects.filter(publication=publication, registration_id=registration_id).first()
    if result is None:
        return None
    counts = Result.objects.filter(publication=publication, status=Standing.RANKED).aggregate(
        ranked=Count("pk"), same=Count("pk", filter=Q(rank=result.rank))
    )
    problems = [ProblemResult(**part) for part in result.problems]
    return ContestantResult(
        exam_title=publication.exam.title,
        number=printed_number(result.number),
        name=result.name,
        status=result.status,
        rank=result.rank,
        shared_by=counts["same"],
        ranked_count=counts["ranked"],
        total=result.total,
        max_total=sum((Decimal(one.max_points) for one in problems if one.counted), Decimal(0)),
        published_at=publication.published_at,
        zone=publication.exam.zone,
        has_list=publication.exam.results in LISTED,
        problems=problems,
    )


def get_result_list(exam_slug: str, *, public: bool) -> ResultList | None:
    """The ranked contestants, if the exam shows them (to everybody, with `public`); in three queries.

    Names and schools only of those who may be named; the others are their number.
    """
    policies = (ResultsPolicy.PUBLIC,) if public else LISTED
    exam = Exam.objects.filter(slug=exam_slug, results__in=policies).first()
    publication = newest_publication(exam.pk) if exam else None
    if exam is None or publication is None:
        return None
    rows = Result.objects.filter(publication=publication, status=Standing.RANKED).order_by("rank", "number")
    return ResultList(
        exam_title=exam.title,
        published_at=publication.published_at,
        zone=exam.zone,
        rows=[
            ListedResult(
                rank=rank,
                number=printed_number(number),
                name=name if named else "",
                school=school if named else "",
                total=total,
            )
            for rank, number, name, school, total, named in rows.values_list(
                "rank", "number", "name", "school", "total", "may_publish_name"
            )
        ],
    )


def list_result_rows(publication: Publication) -> Iterator[Mapping[str, Any]]:
    """Everything of a publication that an export holds, the best first, the unranked last."""
    return (
        Result.objects.filter(publication=publication)
        .order_by("rank", "number")
        .values(
            "rank",
            "number",
            "external_id",
            "name",
            "school",
            "team",
            "division",
            "status",
            "total",
            "problems",
        )
        .iterator()
    )

"""The problems of an exam, each with its newest statement, by their numbers."""

from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery
from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.problems import Invalid, NotFound
from apps.exams.api.base import StaffList, StaffView, list_refusals, staff_refusals
from apps.exams.api.shapes import ProblemBody, ProblemQuery, ProblemSerializer
from apps.exams.api.writing import (
    BY_TABLE,
    TakenMeanwhile,
    ValuesRefused,
    at_the_same_moment,
    consent_of,
    fit,
    unshowable,
)
from apps.exams.gate import exam_for, staff_of
from apps.exams.models import Exam, Problem, StatementVersion
from apps.exams.rules import roles
from apps.exams.services import changing, editing, saving
from apps.exams.services.saving import StatementText

OF_STATEMENT = ("statement", "choices", "note")


class ProblemList(StaffList[Problem]):
    """`GET` and `POST /api/v1/exams/{id}/problems/`"""

    serializer_class = ProblemSerializer
    query = ProblemQuery

    @extend_schema(
        operation_id="problems",
        summary="The problems of an exam, with solutions",
        parameters=[ProblemQuery],
        responses={200: ProblemSerializer(many=True), **list_refusals()},
    )
    def get(self, request: Request, exam_id: int) -> Response:
        return self.list(request)

    @extend_schema(
        operation_id="add_problem",
        summary="Add a problem with its first statement; not once somebody has started",
        request=ProblemBody,
        responses={
            201: OpenApiResponse(ProblemSerializer, "It is there."),
            **staff_refusals(
                Invalid,
                ValuesRefused,
                editing.ChoicesInvalid,
                NotFound,
                changing.ChangeRefused,
                TakenMeanwhile,
            ),
        },
    )
    def post(self, request: Request, exam_id: int) -> Response:
        exam = exam_for(request, exam_id, roles.EDIT)
        asked = ProblemBody(data=request.data)
        asked.is_valid(raise_exception=True)
        written = write(request, Problem(exam=exam), None, asked.validated_data)
        return Response(ProblemSerializer(written).data, status=201)

    def get_queryset(self) -> QuerySet[Problem]:
        exam = exam_for(self.request, self.kwargs["exam_id"], roles.READ)
        return with_statement(Problem.objects.filter(exam=exam, **self.filters()))


class ProblemDetail(StaffView):
    """`GET`, `PATCH` and `DELETE /api/v1/exams/{id}/problems/{number}/`"""

    @extend_schema(
        operation_id="problem",
        summary="One problem",
        responses={200: ProblemSerializer, **staff_refusals(NotFound)},
    )
    def get(self, request: Request, exam_id: int, number: int) -> Response:
        exam = exam_for(request, exam_id, roles.READ)
        return Response(ProblemSerializer(problem_of(exam, number)).data)

    @extend_schema(
        operation_id="change_problem",
        summary="Change some members of a problem; a changed statement is a new version",
        request=ProblemBody,
        responses={
            200: ProblemSerializer,
            **staff_refusals(
                Invalid,
                ValuesRefused,
                editing.ChoicesInvalid,
                NotFound,
                *BY_TABLE,
                editing.StatementBlank,
                TakenMeanwhile,
            ),
        },
    )
    def patch(self, request: Request, exam_id: int, number: int) -> Response:
        problem = problem_of(exam_for(request, exam_id, roles.EDIT), number)
        asked = ProblemBody(data=request.data, partial=True)
        asked.is_valid(raise_exception=True)
        latest = problem.statements.order_by("-version").first()
        return Response(ProblemSerializer(write(request, problem, latest, asked.validated_data)).data)

    @extend_schema(
        operation_id="remove_problem",
        summary="Take a problem out; not once somebody has started",
        responses={
            204: OpenApiResponse(None, "It is gone."),
            **staff_refusals(NotFound, changing.ChangeRefused, saving.ProblemInUse),
        },
    )
    def delete(self, request: Request, exam_id: int, number: int) -> Response:
        problem = problem_of(exam_for(request, exam_id, roles.EDIT), number)
        with at_the_same_moment():
            saving.remove_problem(problem_id=problem.pk, actor=staff_of(request))
        return Response(status=204)


def with_statement(problems: QuerySet[Problem]) -> QuerySet[Problem]:
    """With their newest statements, in the same query."""
    newest = StatementVersion.objects.filter(problem=OuterRef("pk")).order_by("-version")
    return problems.annotate(
        statement=Subquery(newest.values("source")[:1]),
        statement_html=Subquery(newest.values("html")[:1]),
        choices=Subquery(newest.values("choices")[:1]),
        note=Subquery(newest.values("note")[:1]),
        statement_version=Subquery(newest.values("version")[:1]),
    )


def problem_of(exam: Exam, number: int) -> Problem:
    problem = with_statement(Problem.objects.filter(exam=exam, number=number)).first()
    if problem is None:
        raise NotFound
    return problem


def write(
    request: Request, problem: Problem, latest: StatementVersion | None, values: dict[str, Any]
) -> Problem:
    """Save a new or a changed problem, with what it keeps of its statement; as it then is."""
    consent = consent_of(values)
    statement = StatementText(
        source=values.get("statement", latest.source if latest else ""),
        choices=values.get("choices", latest.choices if latest else ()),
        note=values.get("note", latest.note if latest else ""),
    )
    own = {name: value for name, value in values.items() if name not in OF_STATEMENT}
    texts = [("statement", statement.source), ("solution", own.get("solution", ""))]
    texts += [("choices", choice["text"]) for choice in statement.choices]
    faults = unshowable(problem.exam_id, texts)
    if "solution" in own and "solution" not in faults:
        figures = editing.figure_addresses(problem.exam_id)
        problem.solution_html = editing.render_text(own["solution"], figures).html
    fit(problem, own, faults=faults)
    with at_the_same_moment():
        saved = saving.save_problem(
            problem=problem,
            fields=own,
            statement=statement,
            actor=staff_of(request),
            now=timezone.now(),
            consent=consent,
        )
        return with_statement(Problem.objects.filter(pk=saved.pk)).get()
